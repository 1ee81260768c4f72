// Commands that stand alone.
#include <string>

#include "apid/cli/completion.h"
#include "apid/cli/doctor_command.h"
#include "apid/cli/event_command.h"
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

Exit complete(const Task& task) {
  const auto& shell = task.given.text("SHELL");
  const auto groups = all_commands();
  write_to(stdout, shell == "bash"  ? bash_completion(groups)
                   : shell == "zsh" ? zsh_completion(groups)
                                    : fish_completion(groups));
  return Exit::done;
}

}  // namespace

Group other_commands() {
  return {"",
          "",
          {{"setup-code", "for root: make a new one-time set-up code for the first administrator", {}, setup_code},
           {"events",
            "print what happens as it happens, a JSON line each",
            {{"--count", "end after so many; 0 for never", Need::optional, {}, "0", std::pair(0L, 1'000'000'000L)}},
            follow_events},
           {"doctor", "for root: look for what is commonly wrong with a hub and its machine, and say what to do",
            doctor_arguments(), run_doctor},
           restore_command(),
           import_command(),
           {"completion",
            "print a script by which a shell completes the words of this command",
            {{"SHELL", "which shell", Need::required, {"bash", "zsh", "fish"}}},
            complete}}};
}

}  // namespace wghub::cli
