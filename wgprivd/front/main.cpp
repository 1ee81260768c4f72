// wgprivd, the helper's front: takes the listening socket that it was handed, gives up what it could still do, serves.
// Leaves everything privileged to wgprivd-engine.
#include <kj/async-io.h>
#include <kj/io.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

#include "common/log.h"
#include "wgprivd/front/front.h"

namespace {

// Whether exactly one socket was handed over, and is what we serve on.
bool has_socket() {
  char** names = nullptr;
  if (sd_listen_fds_with_names(1, &names) != 1) return false;
  const std::string name = names[0];
  std::free(names[0]);
  std::free(names);
  return name == "wgprivd" && sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_STREAM, 1, nullptr, 0) > 0;
}

bool give_up_privileges() {
  return geteuid() != 0 && prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
}

int fail(const char* reason) {
  wghub::log::error(reason);
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) try {
  wghub::FrontOptions options{.engine_path = "/run/wireguard-hub/engine.sock"};
  std::string caller = "wghub";
  CLI::App app("The unprivileged front of WireGuard Hub's helper; started by its socket.", "wgprivd");
  app.add_option("--engine", options.engine_path, "The engine's socket")->capture_default_str();
  app.add_option("--caller", caller, "The only user whose connections are served")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const passwd* user = getpwnam(caller.c_str());  // NOLINT(concurrency-mt-unsafe): there is one thread
  if (user == nullptr) return fail("the caller's user does not exist");
  options.caller = user->pw_uid;
  if (!give_up_privileges()) return fail("running as root, or cannot give up privileges");
  if (!has_socket()) return fail("no listening stream socket named wgprivd was handed over");

  auto io = kj::setupAsyncIo();
  wghub::Front front(io, io.lowLevelProvider->wrapListenSocketFd(kj::AutoCloseFd(SD_LISTEN_FDS_START)), options);
  sd_notify(0, "READY=1");
  front.run().wait(io.waitScope);
  return EXIT_SUCCESS;
} catch (const kj::Exception& exception) {
  return fail(exception.getDescription().cStr());
}
