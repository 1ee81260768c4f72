// wghub hub: the hub's own configuration and interface.
#include "apid/cli/families.h"
#include "apid/cli/request.h"

namespace wghub::cli {
namespace {

Exit show_conf(const Task& task) {
  const auto answer = task.hub.call("GET", "/admin/hub/conf");
  if (!answer) return Exit::unreachable;
  if (answer->status != 200) return refused(*answer);
  write_to(stdout, answer->body);
  return Exit::done;
}

}  // namespace

Group hub_commands() {
  return {"hub",
          "the hub's interface",
          {{"show-conf", "print the wg0.conf that the hub amounts to, without its private key", {}, show_conf}}};
}

}  // namespace wghub::cli
