// wgprivd-engine: the one program with CAP_NET_ADMIN. Opens all it will ever need, confines itself, serves records
// (or, with --restore, brings the interface back once). Leaves Cap'n Proto to the front.
// Ends with 0 (idle, asked to, restored), 65 (damaged state) or 1 (the log says why).
#include <fcntl.h>
#include <pwd.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "common/log.h"
#include "wgprivd/engine/confinement.h"
#include "wgprivd/engine/server.h"

namespace wghub {
namespace {

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
  const bool sound = file && read(file.get(), key.bytes.data(), key.bytes.size()) == std::ssize(key.bytes) &&
                     read(file.get(), &more, 1) == 0;
  if (!sound) throw std::runtime_error("no key-encryption key of 32 bytes (descriptor or credential kek)");
}

int run(int argc, char** argv) {
  std::string state = "/var/lib/wireguard-hub-privileged";
  std::string name = "wg0";
  std::string user = "wghub-front";
  std::string which = "auto";
  bool restoring = false;
  std::setbuf(stdout, nullptr);  // nothing flushes it at the end
  CLI::App app("The privileged part of WireGuard Hub");
  app.add_option("--state", state, "State directory");
  app.add_option("--interface", name, "The one interface");
  app.add_option("--caller", user, "The only user who may connect");
  app.add_option("--backend", which)->check(CLI::IsMember({"auto", "kernel", "userspace"}));
  app.add_flag("--restore", restoring, "Bring the interface and its peers back, once");
  CLI11_PARSE(app, argc, argv);

  // What must outlive the program is on disk before its answer, so it may end at any point.
  static_cast<void>(std::signal(SIGTERM, [](int) { _exit(EXIT_SUCCESS); }));
  if (geteuid() == 0) throw std::runtime_error("as root: user wgprivd with CAP_NET_ADMIN is enough");
  Descriptor listener = handed_over("engine");
  const bool listens = sd_is_socket_unix(listener.get(), SOCK_SEQPACKET, 1, nullptr, 0) > 0;
  if (!restoring && !listens) throw std::runtime_error("no listening SOCK_SEQPACKET descriptor with the name engine");
  const passwd* caller = getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  if (!restoring && caller == nullptr) throw std::runtime_error("no user " + user);
  SecretKey sealing_key;
  read_sealing_key(sealing_key);

  const StateDirectory directory(state);
  HubKey key(directory, sealing_key);
  PolicyFile policy(directory);
  Journal journal(directory, restoring ? Journal::OnDamage::refuse : Journal::OnDamage::set_aside);
  RouteNetlink route;
  const auto backend = open_backend(which, name, route);
  // The first line opens the log's socket and the time zone, which the confinement would not let it.
  log::info("the engine starts", {{"backend", backend->kind() == EngineBackend::kernel ? "kernel" : "userspace"},
                                  {"peers", std::to_string(journal.peers().size())}});
  confine(directory);

  Interface interface(name, key, policy, route, *backend);
  Engine engine(key, policy, journal, interface);
  if (restoring) return engine.restore() ? EXIT_SUCCESS : EXIT_FAILURE;
  if (serve(engine, interface, std::move(listener), caller->pw_uid)) return EXIT_SUCCESS;
  throw std::runtime_error("the userspace implementation is gone");
}

}  // namespace
}  // namespace wghub

int main(int argc, char** argv) {
  // Without exit handlers: a sanitizer's would look for leaks by tracing, which the confinement forbids.
  try {
    _exit(wghub::run(argc, argv));
  } catch (const std::exception& fault) {
    wghub::log::error("the engine ends", {{"reason", fault.what()}});
    _exit(dynamic_cast<const wghub::DamagedState*>(&fault) != nullptr ? EX_DATAERR : EXIT_FAILURE);
  }
}
