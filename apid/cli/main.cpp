// wghub: the admin's command. Reads its arguments; asks apid over its local socket, which only root may use.
#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <boost/json/parse.hpp>
#include <functional>
#include <string>

#include "apid/cli/admin_socket.h"
#include "apid/cli/audit_command.h"
#include "apid/cli/user_command.h"

namespace wghub::cli {
namespace {

/// What was typed, and what is to be done about it.
struct Wish {
  std::string username;
  std::string role = "viewer";
  std::function<Exit(const AdminSocket&)> action;
};

Exit setup_code(const AdminSocket& socket) {
  const auto answer = socket.call("POST", "/admin/setup-code");
  if (!answer) return kUnreachable;
  if (answer->status != 201) return refused(*answer);
  const std::string code(boost::json::parse(answer->body).at("setupCode").as_string());
  write_to(stdout, "setup-code: " + code + "\n");
  write_to(stderr, "Valid for 15 minutes; an older code is void now.\n");
  return kDone;
}

Exit show_conf(const AdminSocket& socket) {
  const auto answer = socket.call("GET", "/admin/hub/conf");
  if (!answer) return kUnreachable;
  if (answer->status != 200) return refused(*answer);
  write_to(stdout, answer->body);
  return kDone;
}

CLI::App* add(CLI::App& group, Wish& wish, const char* name, const char* what,
              std::function<Exit(const AdminSocket&)> action) {
  auto* command = group.add_subcommand(name, what);
  command->callback([&wish, action = std::move(action)] { wish.action = action; });
  return command;
}

void add_user_commands(CLI::App& arguments, Wish& wish) {
  auto* user = arguments.add_subcommand("user", "people who may use the hub");
  user->require_subcommand(1);
  const CLI::IsMember roles({"viewer", "operator", "admin"});
  const auto named = [&](const char* name, const char* what, std::function<Exit(const AdminSocket&)> action) {
    auto* command = add(*user, wish, name, what, std::move(action));
    command->add_option("USER", wish.username, "name of the user")->required();
    return command;
  };
  add(*user, wish, "list", "show all of them", list_users);
  named("create", "make one; the password is asked for, or read from stdin",
        [&](const AdminSocket& socket) { return create_user(socket, wish.username, wish.role); })
      ->add_option("--role", wish.role, "viewer, operator or admin")
      ->check(roles)
      ->capture_default_str();
  named("reset", "give a new password, likewise; second factor, sessions and API tokens end",
        [&](const AdminSocket& socket) { return reset_user(socket, wish.username); });
  named("enable", "let a disabled user in again",
        [&](const AdminSocket& socket) { return switch_user(socket, wish.username, Access::enable); });
  named("disable", "shut a user out; sessions and API tokens end",
        [&](const AdminSocket& socket) { return switch_user(socket, wish.username, Access::disable); });
  named("role", "give another role",
        [&](const AdminSocket& socket) { return set_role(socket, wish.username, wish.role); })
      ->add_option("ROLE", wish.role, "viewer, operator or admin")
      ->check(roles)
      ->required();
}

int run(int argc, char** argv) {
  CLI::App arguments("wghub: administers the WireGuard Hub on this machine", "wghub");
  arguments.require_subcommand(1);
  std::string socket = "/run/wireguard-hub-api/admin.sock";
  arguments.add_option("--socket", socket, "apid's local socket")->capture_default_str();
  Wish wish;
  add(arguments, wish, "setup-code", "make a new one-time set-up code for the first administrator", setup_code);
  auto* hub = arguments.add_subcommand("hub", "the hub's interface");
  hub->require_subcommand(1);
  add(*hub, wish, "show-conf", "print the wg0.conf that the hub amounts to, without its private key", show_conf);
  auto* audit = arguments.add_subcommand("audit", "what was done by whom");
  audit->require_subcommand(1);
  add(*audit, wish, "verify", "read every event and its hash again, and say whether one was changed", verify_audit);
  add_user_commands(arguments, wish);
  try {
    arguments.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return arguments.exit(fault) == 0 ? kDone : kWrongUse;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return wish.action ? wish.action(AdminSocket(socket)) : kWrongUse;
}

}  // namespace
}  // namespace wghub::cli

int main(int argc, char** argv) { return wghub::cli::run(argc, argv); }
