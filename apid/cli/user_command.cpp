// wghub user: who may use the hub; for root the way back in, whatever became of the accounts.
#include <utility>

#include "apid/cli/families.h"
#include "apid/cli/password_prompt.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

const std::string& name_of(const Task& task) { return task.given.text("USER"); }

// Root has routes by name, an API token those by id.
std::string route_of(const Task& task) { return task.hub.is_local() ? "/admin/users" : "/api/users"; }

Asked<std::string> route_of_user(const Task& task) {
  if (task.hub.is_local()) return "/admin/users/" + escaped(name_of(task));
  const auto id = id_of(task.hub, {"/api/users", "users", ListRoute::Kind::whole}, "username", name_of(task));
  if (!id) return id.error();
  return "/api/users/" + *id;
}

Exit change(const Task& task, const char* method, const char* what, const boost::json::object& body,
            const std::string& said) {
  const auto route = route_of_user(task);
  if (!route) return route.error();
  return show_done(task, ask(task.hub, method, *route + what, body), "user " + name_of(task) + said);
}

Exit list_users(const Task& task) {
  const Column state{"STATE", [](const boost::json::object& user) {
                       return user.at("disabled").as_bool() ? std::string("disabled") : std::string("enabled");
                     }};
  const Column login{"LAST LOGIN", [](const boost::json::object& user) {
                       const auto& at = user.at("lastLoginAt");
                       return at.is_null() ? std::string("never") : in_words(at);
                     }};
  return show_list(task, {route_of(task), "users", ListRoute::Kind::whole}, kUsualLimit,
                   {column("USER", "username"), column("ROLE", "role"), state, column("SECOND FACTOR", "totp"), login});
}

Exit create_user(const Task& task) {
  const auto password = ask_password();
  if (!password) return Exit::wrong_use;
  const auto& role = task.given.text("--role");
  return show_done(task,
                   ask(task.hub, "POST", route_of(task),
                       {{"username", name_of(task)}, {"password", password->reveal()}, {"role", role}}),
                   "user " + name_of(task) + " was made: " + role);
}

Exit reset_user(const Task& task) {
  const auto password = ask_password();
  if (!password) return Exit::wrong_use;
  return change(task, "POST", "/reset", {{"password", password->reveal()}},
                " has a new password and no second factor; sessions and API tokens have ended");
}

// By its id over root's socket too: there is no such route by name.
Exit remove_user(const Task& task) {
  const auto id = id_of(task.hub, {"/api/users", "users", ListRoute::Kind::whole}, "username", name_of(task));
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "DELETE", "/api/users/" + *id), "user " + name_of(task) + " was removed");
}

Exit enable_user(const Task& task) { return change(task, "PUT", "", {{"disabled", false}}, " is enabled"); }

Exit disable_user(const Task& task) { return change(task, "PUT", "", {{"disabled", true}}, " is disabled"); }

Exit set_role(const Task& task) {
  const auto& role = task.given.text("ROLE");
  return change(task, "PUT", "", {{"role", role}}, " is now: " + role);
}

}  // namespace

Group user_commands() {
  const std::vector<std::string> roles = {"viewer", "operator", "admin"};
  const Argument user{"USER", "name of the user", Need::required};
  return {"user",
          "people who may use the hub",
          {{"list", "show all of them", {}, list_users},
           {"create",
            "make one; the password is asked for, or read from stdin",
            {user, {"--role", "what he may do", Need::optional, roles, "viewer"}},
            create_user},
           {"reset", "give a new password, likewise; second factor, sessions and API tokens end", {user}, reset_user},
           {"remove", "take an account away; sessions and API tokens end", {user}, remove_user},
           {"enable", "let a disabled user in again", {user}, enable_user},
           {"disable", "shut a user out; sessions and API tokens end", {user}, disable_user},
           {"role", "give another role", {user, {"ROLE", "what he may do", Need::required, roles}}, set_role}}};
}

}  // namespace wghub::cli
