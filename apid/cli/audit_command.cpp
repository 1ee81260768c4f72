// wghub audit: what was done by whom, and whether the trail is still what was written.
#include <fmt/format.h>

#include <array>

#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

// The API's filters, in its words.
constexpr std::array kFilters = {"actor", "action", "target", "outcome", "from", "to"};

std::string filtered(const Task& task, const std::string& path) {
  std::vector<std::pair<std::string, std::string>> values;
  values.reserve(kFilters.size());
  for (const std::string name : kFilters) values.emplace_back(name, task.given.text("--" + name));
  return path + query_of(values);
}

std::vector<Argument> filter_arguments() {
  return {{"--actor", "only what this user or API token did, by its name; `root` is wghub on the hub"},
          {"--action", "only these, as token.created"},
          {"--target", "only what was done to this id, key or address"},
          {"--outcome", "only these", Need::optional, {"success", "denied"}},
          {"--from", "not before, as 2026-01-31T00:00:00Z"},
          {"--to", "not after, likewise"}};
}

Exit list_events(const Task& task) {
  return show_list(task, {filtered(task, "/api/audit"), "events"}, task.given.number("--limit"),
                   {column("ID", "id"), column("AT", "at"), column("ACTOR", "actor"), column("FROM", "sourceAddress"),
                    column("ACTION", "action"), column("OUTCOME", "outcome"), column("TARGET", "target"),
                    column("DETAILS", "details")});
}

Exit export_events(const Task& task) {
  const std::string path = with_parameter(filtered(task, "/api/audit/export"), "limit", "10000");
  std::string cursor;
  do {
    const auto answer = task.hub.call("GET", cursor.empty() ? path : with_parameter(path, "cursor", cursor), Secret(),
                                      HubClient::Patience::long_call);
    if (!answer) return Exit::unreachable;
    if (answer->status != 200) return refused(*answer);
    if (!write_to(stdout, answer->body)) return Exit::faulty;
    cursor = answer->next_cursor;
  } while (!cursor.empty());
  return Exit::done;
}

Exit verify(const Task& task) {
  const auto answer = ask(task.hub, "GET", "/admin/audit/verify", {}, HubClient::Patience::long_call);
  if (!answer) return answer.error();
  const auto& broken = answer->at("broken");
  if (task.format == Format::json) print_json(*answer);
  if (broken.is_null()) {
    if (task.format == Format::table)
      write_to(stdout, fmt::format("{} events, each as it was written\n", in_words(answer->at("events"))));
    return Exit::done;
  }
  complain(
      fmt::format("event {} was changed or removed after it was written. Compare from there on with an export or a "
                  "backup, and with the log of wgprivd-engine, which apid cannot change.",
                  in_words(broken)));
  return Exit::refused;
}

}  // namespace

Group audit_commands() {
  auto filters = filter_arguments();
  filters.push_back(limit_argument(100));
  return {"audit",
          "what was done by whom",
          {{"list", "show the newest events", filters, list_events},
           {"export", "print all events as JSON lines, each with its hash", filter_arguments(), export_events},
           {"verify", "for root: read every event and its hash again, and say whether one was changed", {}, verify}}};
}

}  // namespace wghub::cli
