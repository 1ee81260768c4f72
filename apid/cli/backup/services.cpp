#include "apid/cli/backup/services.h"

#include <fmt/format.h>
#include <unistd.h>

#include <vector>

#include "apid/cli/backup/worker.h"
#include "apid/cli/output.h"
#include "common/unix_socket.h"

namespace wghub::cli {
namespace {

constexpr auto kSystemctl = "/usr/bin/systemctl";

const std::vector<std::string> kStop = {"stop",
                                        "wireguard-hub-api.service",
                                        "wireguard-hub-wgprivd.socket",
                                        "wireguard-hub-wgprivd.service",
                                        "wireguard-hub-engine.socket",
                                        "wireguard-hub-engine.service",
                                        "wireguard-hub-restore.service"};
const std::vector<std::string> kStart = {"start",
                                         "wireguard-hub-isolate.service",
                                         "wireguard-hub-restore.service",
                                         "wireguard-hub-engine.socket",
                                         "wireguard-hub-wgprivd.socket",
                                         "wireguard-hub-api.service"};

Ended systemctl(const std::vector<std::string>& arguments) {
  Program program{{kSystemctl, "--quiet"}, ""};
  program.arguments.insert(program.arguments.end(), arguments.begin(), arguments.end());
  return run_program(program);
}

bool has_units() {
  return ::access("/run/systemd/system", F_OK) == 0 && ::access(kSystemctl, X_OK) == 0 &&
         systemctl({"cat", "wireguard-hub-api.service"}).code == 0;
}

}  // namespace

Pause::Pause(const std::string& admin_socket) {
  if (has_units()) {
    const auto ended = systemctl(kStop);
    if (ended.code != 0) throw Fault(Exit::faulty, "the hub's units cannot be stopped: " + ended.said);
    stopped_ = true;
  }
  if (connect_to(admin_socket, SOCK_STREAM))
    throw Fault(Exit::refused, "apid is running: stop it first, and what starts it again");
}

Pause::~Pause() {
  if (stopped_ && systemctl(kStart).code != 0) complain("the hub's units could not be started again");
}

bool Pause::end() {
  if (!stopped_) return false;
  stopped_ = false;
  const auto ended = systemctl(kStart);
  if (ended.code != 0)
    throw Fault(Exit::faulty, "everything is restored, but the hub's units do not start: " + ended.said);
  return true;
}

}  // namespace wghub::cli
