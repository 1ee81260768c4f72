// wghub spoke: the machines that have registered.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Exit list_spokes(const Task& task) {
  const std::string filters = query_of({{"status", task.given.text("--status")}, {"os", task.given.text("--os")}});
  return show_list(task, {"/api/spoke/list" + filters, "spokes"}, task.given.number("--limit"),
                   {column("ID", "id"), column("STATUS", "status"), column("ADDRESS", "allowedIPs"), column("OS", "os"),
                    column("LAST HANDSHAKE", "lastHandshake"), column("NAME", "name")});
}

}  // namespace

Group spoke_commands() {
  return {"spoke",
          "the machines that have registered",
          {{"list",
            "show all of them, the newest first",
            {{"--status", "only these", Need::optional, {"pending", "active", "inactive"}},
             {"--os", "only these", Need::optional, {"linux", "macos", "windows", "proxmox"}},
             limit_argument(kUsualLimit)},
            list_spokes}}};
}

}  // namespace wghub::cli
