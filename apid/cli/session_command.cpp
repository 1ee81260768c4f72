// wghub session: who is signed in, from where.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

const ListRoute kUsers{"/api/users", "users", ListRoute::Kind::whole};

std::string route_of(const std::string& user_id) { return "/api/users/" + user_id + "/sessions"; }

Exit list_sessions(const Task& task) {
  const auto users = ask_list(task.hub, kUsers, kUsualLimit);
  if (!users) return users.error();
  const auto& wanted = task.given.text("USER");
  boost::json::array all;
  bool found = wanted.empty();
  for (const auto& user : users->at("users").as_array()) {
    if (!wanted.empty() && in_words(user.at("username")) != wanted) continue;
    found = true;
    auto sessions = ask(task.hub, "GET", route_of(in_words(user.at("id"))));
    if (!sessions) return sessions.error();
    for (auto& session : sessions->at("sessions").as_array()) {
      session.as_object()["username"] = user.at("username");
      all.push_back(std::move(session));
    }
  }
  if (!found) {
    complain("there is no user of that name: " + printable(wanted));
    return Exit::not_found;
  }
  if (task.format == Format::json)
    print_json(boost::json::object{{"sessions", all}, {"totalCount", all.size()}});
  else
    write_to(stdout,
             table_of(all, {column("USER", "username"), column("SINCE", "createdAt"), column("LAST USED", "lastUsedAt"),
                            column("FROM", "sourceAddress"), column("WITH", "userAgent")}));
  return Exit::done;
}

Exit end_sessions(const Task& task) {
  const auto& name = task.given.text("USER");
  const auto id = id_of(task.hub, kUsers, "username", name);
  if (!id) return id.error();
  return show_done(task, ask(task.hub, "DELETE", route_of(*id)), "user " + name + " is signed in nowhere now");
}

}  // namespace

Group session_commands() {
  return {"session",
          "who is signed in",
          {{"list", "show where people are signed in", {{"USER", "only this one"}}, list_sessions},
           {"end", "sign a user out everywhere", {{"USER", "name of the user", Need::required}}, end_sessions}}};
}

}  // namespace wghub::cli
