// wgprivd-engine: the one program with CAP_NET_ADMIN. Opens all it will ever need, confines itself, serves records
// (or, with --restore, brings the interface back once). Leaves Cap'n Proto to the front.
// Ends with 0 (idle, asked to, restored), 65 (damaged state) or 1 (the log says why).
#include <fcntl.h>
#include <pwd.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>

#include "common/log.h"
#include "wgprivd/engine/confinement.h"
#include "wgprivd/engine/server.h"

namespace wghub {
namespace {

struct Options {
  std::string state = "/var/lib/wireguard-hub-privileged";
  std::string interface = "wg0";
  std::string caller = "wghub-front";
  std::string backend = "auto";
  bool restore = false;
};

Descriptor handed_over(std::string_view wanted) {
  Descriptor found;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(0, &names);
  for (int i = 0; i < count; ++i) {
    if (names[i] == wanted) found = Descriptor(SD_LISTEN_FDS_START + i);
    free(names[i]);  // NOLINT(cppcoreguidelines-no-malloc): sd_listen_fds_with_names(3) allocates so
  }
  free(names);  // NOLINT(cppcoreguidelines-no-malloc)
  return found;
}

void read_sealing_key(SecretKey& key) {
  Descriptor file = handed_over("kek");
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): one thread
  if (!file && directory != nullptr) file = Descriptor(open((std::string(directory) + "/kek").c_str(), O_RDONLY));
  char more = 0;
  const bool whole = file && read(file.get(), key.bytes.data(), key.bytes.size()) == std::ssize(key.bytes);
  if (whole && read(file.get(), &more, 1) == 0) return;
  throw std::runtime_error("no key-encryption key of 32 bytes (descriptor kek, or the credential of that name)");
}

int run(const Options& options) {
  // What must outlive the program is on disk before its answer, so it may end at any point.
  std::signal(SIGTERM, [](int) { _exit(EXIT_SUCCESS); });
  if (geteuid() == 0) throw std::runtime_error("as root: user wgprivd with CAP_NET_ADMIN is enough");
  Descriptor listener = handed_over("engine");
  const bool listens = listener && sd_is_socket_unix(listener.get(), SOCK_SEQPACKET, 1, nullptr, 0) > 0;
  if (!options.restore && !listens)
    throw std::runtime_error("no listening SOCK_SEQPACKET descriptor with the name engine");
  const passwd* caller = getpwnam(options.caller.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  if (!options.restore && caller == nullptr) throw std::runtime_error("no user " + options.caller);
  SecretKey sealing_key;
  read_sealing_key(sealing_key);

  const StateDirectory directory(options.state);
  HubKey key(directory, sealing_key);
  PolicyFile policy(directory);
  Journal journal(directory, options.restore ? Journal::OnDamage::refuse : Journal::OnDamage::set_aside);
  RouteNetlink route;
  const auto backend = open_backend(options.backend, options.interface, route);
  // The first line opens the log's socket and the time zone, which the confinement would not let it.
  log::info("the engine starts", {{"backend", backend->kind() == EngineBackend::kernel ? "kernel" : "userspace"},
                                  {"peers", std::to_string(journal.peers().size())}});
  confine(directory);

  Interface interface(options.interface, route, *backend);
  Engine engine(key, policy, journal, interface);
  if (options.restore) return engine.restore() ? EXIT_SUCCESS : EXIT_FAILURE;
  if (!serve(engine, interface, std::move(listener), caller->pw_uid)) {
    throw std::runtime_error("the userspace implementation is gone");
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace wghub

int main(int argc, char** argv) {
  wghub::Options options;
  CLI::App app("The privileged part of WireGuard Hub");
  app.add_option("--state", options.state, "State directory");
  app.add_option("--interface", options.interface, "The one interface");
  app.add_option("--caller", options.caller, "The only user who may connect");
  app.add_option("--backend", options.backend)->check(CLI::IsMember({"auto", "kernel", "userspace"}));
  app.add_flag("--restore", options.restore, "Bring the interface and its peers back, once");
  CLI11_PARSE(app, argc, argv);
  // Without exit handlers: a sanitizer's would look for leaks by tracing, which the confinement forbids.
  try {
    _exit(wghub::run(options));
  } catch (const std::exception& fault) {
    wghub::log::error("the engine ends", {{"reason", fault.what()}});
    _exit(dynamic_cast<const wghub::DamagedState*>(&fault) != nullptr ? EX_DATAERR : EXIT_FAILURE);
  }
}
