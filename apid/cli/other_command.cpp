// Commands that stand alone: wghub setup-code.
#include <string>

#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Exit setup_code(const Task& task) {
  const auto answer = ask(task.hub, "POST", "/admin/setup-code");
  if (!answer) return answer.error();
  if (task.format == Format::json) return show_done(task, answer, "");
  write_to(stdout, "setup-code: " + in_words(answer->at("setupCode")) + "\n");
  write_to(stderr, "Valid for 15 minutes; an older code is void now.\n");
  return Exit::done;
}

}  // namespace

Group other_commands() {
  return {"", "", {{"setup-code", "make a new one-time set-up code for the first administrator", {}, setup_code}}};
}

}  // namespace wghub::cli
