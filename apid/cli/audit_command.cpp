// wghub audit: what was done by whom, and whether the trail is still what was written.
#include <fmt/format.h>

#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

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
  return {"audit",
          "what was done by whom",
          {{"verify", "read every event and its hash again, and say whether one was changed", {}, verify}}};
}

}  // namespace wghub::cli
