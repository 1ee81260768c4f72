// wgprivd, the helper's front: takes the listening socket that it was handed, gives up what it could still do, serves.
// Leaves everything privileged to wgprivd-engine.
#include <kj/async-io.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <optional>
#include <string>

#include "common/log.h"
#include "wgprivd/front/front.h"

namespace {

constexpr const char* kSocketName = "wgprivd";

// The descriptor of that name, when it is a listening Unix stream socket.
std::optional<int> inherited_socket() {
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  std::optional<int> found;
  for (int i = 0; i < count; ++i) {
    const int number = SD_LISTEN_FDS_START + i;
    if (names[i] == std::string(kSocketName) && sd_is_socket_unix(number, SOCK_STREAM, 1, nullptr, 0) > 0)
      found = number;
    std::free(names[i]);
  }
  std::free(names);
  return found;
}

std::optional<uid_t> user_id(const std::string& name) {
  const passwd* entry = getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): there is one thread
  if (entry == nullptr) return std::nullopt;
  return entry->pw_uid;
}

bool give_up_privileges() {
  return prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
}

int serve(const wghub::FrontOptions& options, int socket) {
  auto io = kj::setupAsyncIo();
  wghub::Front front(io, io.lowLevelProvider->wrapListenSocketFd(kj::AutoCloseFd(socket)), options);
  sd_notify(0, "READY=1");
  front.run().wait(io.waitScope);
  wghub::log::info("idle, exiting");
  return EXIT_SUCCESS;
}

int fail(const char* reason) {
  wghub::log::error(reason);
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  wghub::FrontOptions options;
  options.engine_path = "/run/wireguard-hub/engine.sock";
  std::string caller = "wghub";
  CLI::App app("The unprivileged front of WireGuard Hub's helper; started by its socket.", "wgprivd");
  app.add_option("--engine", options.engine_path, "The engine's socket")->capture_default_str();
  app.add_option("--caller", caller, "The only user whose connections are served")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  if (geteuid() == 0) return fail("refusing to run as root");
  if (!give_up_privileges()) return fail("cannot give up privileges");
  const auto uid = user_id(caller);
  if (!uid) return fail("the caller's user does not exist");
  options.caller = *uid;
  const auto socket = inherited_socket();
  if (!socket) return fail("no listening socket named wgprivd was handed over");
  try {
    return serve(options, *socket);
  } catch (const kj::Exception& exception) {
    wghub::log::error("ended by an error", {{"reason", exception.getDescription().cStr()}});
    return EXIT_FAILURE;
  }
}
