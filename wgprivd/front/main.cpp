// wgprivd, the helper's front: takes the listening socket that it was handed, gives up what it could still do, serves.
// Leaves everything privileged to wgprivd-engine.
#include <kj/io.h>
#include <seccomp.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "common/confinement.h"
#include "common/daemon_main.h"
#include "common/log.h"
#include "common/unix_socket.h"
#include "wgprivd/front/service.h"

namespace {

void confine_to_sockets() {
  using namespace wghub;
  // No file, no socket but to the engine and the log. Newer releases of the libraries wait by other calls of a kind.
  // clang-format off
  confine({}, {
      {SCMP_SYS(socket), AF_UNIX}, SCMP_SYS(connect), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown),
      SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(fcntl),
      SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
      SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
      SCMP_SYS(epoll_pwait2), SCMP_SYS(timerfd_settime), SCMP_SYS(fstat)});
  // clang-format on
  log::info("the front is confined");
}

int run(int argc, char** argv) {
  wghub::FrontOptions options{.engine_path = "/run/wireguard-hub/engine.sock"};
  std::string caller = "wghub";
  std::setbuf(stdout, nullptr);  // nothing flushes it at the end
  CLI::App app("The unprivileged front of WireGuard Hub's helper; started by its socket.", "wgprivd");
  app.add_option("--engine", options.engine_path, "The engine's socket")->capture_default_str();
  app.add_option("--caller", caller, "The only user whose connections are served")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  wghub::refuse_root();
  options.caller = wghub::user_id(caller);
  auto listener = wghub::handed_over_listener("wgprivd", SOCK_STREAM);
  auto io = kj::setupAsyncIo();
  auto receiver = io.lowLevelProvider->wrapListenSocketFd(kj::AutoCloseFd(listener.release()));
  wghub::log::info("the front starts");  // opens the log, which the confinement would not let it
  confine_to_sockets();
  wghub::run_front(io, kj::mv(receiver), options).wait(io.waitScope);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  wghub::run_to_the_end("the front ends", [=] { return run(argc, argv); });
}
