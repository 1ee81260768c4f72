#include "apid/cli/issued_token.h"

#include <utility>

namespace wghub::cli {

Argument platform_argument(std::string preset) {
  return {"--platform",
          "of which the command is shown",
          Need::optional,
          {"linux", "macos", "windows", "proxmox"},
          std::move(preset)};
}

Exit show_issued(const Task& task, const Asked<boost::json::object>& answer, const std::string& platform) {
  if (!answer) return answer.error();
  if (task.format == Format::json) {
    print_json(*answer);
    return Exit::done;
  }
  const auto& command = object_in(*answer, "installCommands").at(platform);
  write_to(stdout, aligned(lines_of(object_in(*answer, "token"), {{"token", "id"},
                                                                  {"spoke", "spokeId"},
                                                                  {"name", "spokeName"},
                                                                  {"address", "allowedIPs"},
                                                                  {"expires", "expiresAt"}})));
  write_to(stdout,
           "\nOn the machine (" + platform + "), once, and shown to nobody else:\n\n" + in_words(command) + "\n");
  return Exit::done;
}

}  // namespace wghub::cli
