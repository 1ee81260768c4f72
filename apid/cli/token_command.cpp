// wghub token: installation tokens, one for each machine that is to come.
#include "apid/cli/families.h"
#include "apid/cli/issued_token.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

std::string route_of(const Task& task) { return "/api/installation/token/" + escaped(task.given.text("TOKEN")); }

Column progress_column() {
  return {"PROGRESS", [](const boost::json::object& token) {
            const auto& progress = token.at("progress");
            if (!progress.is_object()) return std::string("-");
            const std::string stage = in_words(progress.at("stage"));
            const std::string code = in_words(progress.at("code"));
            return code == "0" ? stage : stage + ": " + in_words(progress.at("reason")) + " (" + code + ")";
          }};
}

Exit create(const Task& task) {
  boost::json::object body{{"spokeName", task.given.text("NAME")}};
  if (task.given.has("--address")) body["customIP"] = task.given.text("--address");
  return show_issued(task, ask(task.hub, "POST", "/api/installation/token", body), task.given.text("--platform"));
}

Exit list_tokens(const Task& task) {
  const std::string filter = query_of({{"status", task.given.text("--status")}});
  return show_list(task, {"/api/installation/tokens" + filter, "tokens"}, task.given.number("--limit"),
                   {column("ID", "id"), column("STATE", "state"), column("ADDRESS", "allowedIPs"),
                    column("EXPIRES", "expiresAt"), progress_column(), column("NAME", "spokeName")});
}

Exit show_token(const Task& task) {
  const auto answer = ask(task.hub, "GET", route_of(task));
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  write_to(stdout, aligned(lines_of(object_in(*answer, "token"), {{"token", "id"},
                                                                  {"state", "state"},
                                                                  {"spoke", "spokeId"},
                                                                  {"name", "spokeName"},
                                                                  {"address", "allowedIPs"},
                                                                  {"created", "createdAt"},
                                                                  {"expires", "expiresAt"},
                                                                  {"used", "usedAt"}})));
  const auto& timeline = answer->at("timeline").as_array();
  if (timeline.empty()) return Exit::done;
  write_to(stdout, "\n" + table_of(timeline, {column("AT", "at"), column("STAGE", "stage"), column("CODE", "code"),
                                              column("FROM", "sourceAddress"), column("REASON", "reason"),
                                              column("DETAIL", "detail")}));
  return Exit::done;
}

Exit revoke(const Task& task) {
  return show_done(task, ask(task.hub, "DELETE", route_of(task)), "token " + task.given.text("TOKEN") + " was revoked");
}

}  // namespace

Group token_commands() {
  const Argument token{"TOKEN", "its id", Need::required};
  return {"token",
          "installation tokens, one for each machine that is to come",
          {{"create",
            "make one, and show the command for the machine; nobody can show it again",
            {{"NAME", "of the spoke that is to come", Need::required},
             {"--address", "its address in the hub's network; else the lowest free one"},
             platform_argument("linux")},
            create},
           {"list",
            "show all of them, the newest first",
            {{"--status", "only these", Need::optional, {"unused", "used", "expired", "revoked"}},
             limit_argument(kUsualLimit)},
            list_tokens},
           {"show", "show one, and what its machine reported", {token}, show_token},
           {"revoke", "make one worthless that no spoke has registered with", {token}, revoke}}};
}

}  // namespace wghub::cli
