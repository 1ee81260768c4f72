// apid: the unprivileged daemon. Reads its arguments, waits for signals; everything else is app's.
#include <malloc.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <exception>

#include "apid/app/application.h"
#include "apid/app/configuration.h"
#include "common/log.h"
#include "common/unix_socket.h"

namespace {

// Each of the many threads having memory of its own, kept after a busy moment, would cost tens of megabytes.
constexpr int kMemoryArenas = 2;

// Blocks the signals for this and all later threads; the main thread takes them one by one.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  return signals;
}

void serve(wghub::app::Application& application, const sigset_t& signals) {
  std::uint64_t watchdog_microseconds = 0;
  const bool watched = sd_watchdog_enabled(0, &watchdog_microseconds) > 0;
  const std::uint64_t half = watched ? watchdog_microseconds / 2 : 60'000'000;
  const timespec pause{static_cast<time_t>(half / 1'000'000), static_cast<long>(half % 1'000'000 * 1000)};
  while (true) {
    const int number = sigtimedwait(&signals, nullptr, &pause);
    if (number == SIGTERM || number == SIGINT) return;
    if (number == SIGHUP) application.reload_certificate();
    if (watched && application.is_alive()) sd_notify(0, "WATCHDOG=1");
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App arguments("apid: HTTPS API, dashboard and database of WireGuard Hub", "apid");
  std::string path = "/etc/wireguard-hub/apid.toml";
  arguments.add_option("--config", path, "configuration file")->capture_default_str();
  CLI11_PARSE(arguments, argc, argv);

  mallopt(M_ARENA_MAX, kMemoryArenas);
  prctl(PR_SET_DUMPABLE, 0);  // no core dump may hold a token
  const sigset_t signals = block_signals();
  try {
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
    const auto configuration = wghub::app::read_configuration(path, wghub::app::known_environment());
    wghub::app::Application application(configuration, wghub::handed_over("https").release());
    application.start();
    sd_notify(0, "READY=1");
    wghub::log::info("apid is ready", {{"port", std::int64_t(configuration.port)}});
    serve(application, signals);
    sd_notify(0, "STOPPING=1");
    application.stop();
    wghub::log::info("apid has stopped");
    return 0;
  } catch (const std::exception& fault) {
    wghub::log::error("apid cannot run", {{"reason", fault.what()}});
    return 1;
  }
}
