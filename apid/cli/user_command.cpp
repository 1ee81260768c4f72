#include "apid/cli/user_command.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "apid/cli/password_prompt.h"

namespace wghub::cli {
namespace {

constexpr auto kColumns = "{:<24} {:<9} {:<9} {:<13} {}\n";

std::string path_of(const std::string& username) { return "/admin/users/" + escaped(username); }

Exit send(const AdminSocket& socket, const char* method, const std::string& path, const boost::json::object& body,
          const std::string& said) {
  const auto answer = socket.call(method, path, Secret(boost::json::serialize(body)));
  if (!answer) return kUnreachable;
  if (answer->status / 100 != 2) return refused(*answer);
  write_to(stdout, said + "\n");
  return kDone;
}

}  // namespace

Exit list_users(const AdminSocket& socket) {
  const auto answer = socket.call("GET", "/admin/users");
  if (!answer) return kUnreachable;
  if (answer->status != 200) return refused(*answer);
  write_to(stdout, fmt::format(kColumns, "USER", "ROLE", "STATE", "SECOND FACTOR", "LAST LOGIN"));
  const auto body = boost::json::parse(answer->body);
  for (const auto& each : body.at("users").as_array()) {
    const auto text = [&](const char* name) { return std::string(each.at(name).as_string()); };
    const auto& login = each.at("lastLoginAt");
    write_to(stdout, fmt::format(kColumns, text("username"), text("role"),
                                 each.at("disabled").as_bool() ? "disabled" : "enabled",
                                 each.at("totp").as_bool() ? "yes" : "no",
                                 login.is_null() ? "never" : std::string(login.as_string())));
  }
  return kDone;
}

Exit create_user(const AdminSocket& socket, const std::string& username, const std::string& role) {
  const auto password = ask_password();
  if (!password) return kWrongUse;
  return send(socket, "POST", "/admin/users",
              {{"username", username}, {"password", password->reveal()}, {"role", role}},
              "user " + username + " was made: " + role);
}

Exit reset_user(const AdminSocket& socket, const std::string& username) {
  const auto password = ask_password();
  if (!password) return kWrongUse;
  return send(socket, "POST", path_of(username) + "/reset", {{"password", password->reveal()}},
              "user " + username + " has a new password and no second factor; sessions and API tokens have ended");
}

Exit switch_user(const AdminSocket& socket, const std::string& username, Access access) {
  const bool disabled = access == Access::disable;
  return send(socket, "PUT", path_of(username), {{"disabled", disabled}},
              "user " + username + (disabled ? " is disabled" : " is enabled"));
}

Exit set_role(const AdminSocket& socket, const std::string& username, const std::string& role) {
  return send(socket, "PUT", path_of(username), {{"role", role}}, "user " + username + " is now: " + role);
}

}  // namespace wghub::cli
