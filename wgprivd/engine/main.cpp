// wgprivd-engine: the one program with CAP_NET_ADMIN. Opens all it will ever need, confines itself, serves records
// (or, with --restore, brings the interface back once). Leaves Cap'n Proto to the front.
// Ends with 0 (idle, asked to, restored), 1 (to be started anew), 65 (damaged state), 77 (run as root), 78 (set up
// wrongly).
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t functions
#include <sys/signalfd.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <memory>

#include "common/log.h"
#include "wgprivd/engine/confinement.h"
#include "wgprivd/engine/kernel_netlink.h"
#include "wgprivd/engine/server.h"
#include "wgprivd/engine/uapi.h"

#if defined(__SANITIZE_ADDRESS__)
// A process that cannot be traced cannot be searched for leaks either.
extern "C" const char* __asan_default_options();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "detect_leaks=0";
}
#endif

namespace wghub {
namespace {

struct Options {
  std::string state = "/var/lib/wireguard-hub-privileged";
  std::string interface = "wg0";
  std::string caller = "wghub-front";
  std::string backend = "auto";
  bool restore = false;
};

/// Something that whoever starts the program has to put right.
struct SetUpWrongly : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct HandedOver {
  Descriptor listener;
  Descriptor sealing_key;
};

HandedOver take_descriptors() {
  HandedOver handed;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  for (int i = 0; i < count; ++i) {
    Descriptor descriptor(SD_LISTEN_FDS_START + i);
    const std::string name = names[i];
    if (name == "engine") handed.listener = std::move(descriptor);
    if (name == "kek") handed.sealing_key = std::move(descriptor);
    free(names[i]);  // NOLINT(cppcoreguidelines-no-malloc): sd_listen_fds_with_names(3) allocates so
  }
  free(names);  // NOLINT(cppcoreguidelines-no-malloc)
  return handed;
}

void read_sealing_key(Descriptor handed, SecretKey& key) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): one thread
  if (!handed && directory != nullptr) handed = Descriptor(open((std::string(directory) + "/kek").c_str(), O_RDONLY));
  char more = 0;
  const bool sound = handed && read(handed.get(), key.bytes.data(), key.bytes.size()) == ssize_t{32} &&
                     read(handed.get(), &more, 1) == 0;
  if (!sound) throw SetUpWrongly("no key-encryption key of 32 bytes (descriptor kek, or the credential of that name)");
}

uid_t uid_of(const std::string& user) {
  const passwd* entry = getpwnam(user.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
  if (entry == nullptr) throw SetUpWrongly("no user " + user);
  return entry->pw_uid;
}

Descriptor open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return Descriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::unique_ptr<Backend> open_backend(const Options& options, RouteNetlink& route) {
  if (options.backend != "userspace") {
    auto kernel = std::make_unique<KernelBackend>(route);
    if (kernel->is_available()) return kernel;
    if (options.backend == "kernel") throw SetUpWrongly("the kernel has no WireGuard");
  }
  return std::make_unique<UapiBackend>("/run/wireguard/" + options.interface + ".sock");
}

// A damaged journal is refused, not guessed around. The database still knows the peers, so the engine may go on
// without it; a restore may not.
std::unique_ptr<Journal> open_journal(const StateDirectory& directory, bool restoring) {
  try {
    return std::make_unique<Journal>(directory);
  } catch (const DamagedState& damage) {
    if (restoring || renameat(directory.get(), Journal::kFile, directory.get(), "journal.damaged") != 0) throw;
    log::error("the journal is damaged: set aside as journal.damaged, a new one begins", {{"reason", damage.what()}});
  }
  return std::make_unique<Journal>(directory);
}

int run(const Options& options) {
  if (geteuid() == 0) {
    log::error("must not run as root: user wgprivd with CAP_NET_ADMIN is enough");
    return EX_NOPERM;
  }
  auto handed = take_descriptors();
  const bool listens = handed.listener && sd_is_socket_unix(handed.listener.get(), SOCK_SEQPACKET, 1, nullptr, 0) > 0;
  if (!options.restore && !listens) throw SetUpWrongly("no listening SOCK_SEQPACKET descriptor with the name engine");
  const uid_t caller = options.restore ? 0 : uid_of(options.caller);
  SecretKey sealing_key;
  read_sealing_key(std::move(handed.sealing_key), sealing_key);

  const StateDirectory directory(options.state);
  HubKey key(directory, sealing_key);
  PolicyFile policy(directory);
  const auto journal = open_journal(directory, options.restore);
  RouteNetlink route;
  const auto backend = open_backend(options, route);
  const Descriptor signals = open_signals();
  // The first line opens the journal's socket and the time zone, which the confinement would not let it.
  log::info("the engine starts", {{"backend", backend->kind() == EngineBackend::kernel ? "kernel" : "userspace"},
                                  {"peers", static_cast<std::int64_t>(journal->peers().size())}});
  confine(directory);

  Interface interface(options.interface, route, *backend);
  Engine engine(key, policy, *journal, interface);
  if (options.restore) return engine.restore() ? EXIT_SUCCESS : EXIT_FAILURE;
  Server server(engine, interface, std::move(handed.listener), caller,
                {signals.get(), backend->life_line(), route.descriptor()});
  const auto end = server.run();
  journal->sync();
  if (end == Server::End::backend_gone) log::error("the userspace implementation is gone");
  return end == Server::End::backend_gone ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace
}  // namespace wghub

int main(int argc, char** argv) {
  wghub::Options options;
  CLI::App app("The privileged part of WireGuard Hub");
  app.add_option("--state", options.state, "State directory");
  app.add_option("--interface", options.interface, "The one interface")->check([](const std::string& name) {
    return name.empty() || name.size() > 15 || name.find('/') != std::string::npos ? "not an interface name" : "";
  });
  app.add_option("--caller", options.caller, "The only user who may connect");
  app.add_option("--backend", options.backend)->check(CLI::IsMember({"auto", "kernel", "userspace"}));
  app.add_flag("--restore", options.restore, "Bring the interface and its peers back, once");
  CLI11_PARSE(app, argc, argv);
  try {
    return wghub::run(options);
  } catch (const wghub::DamagedState& damage) {
    wghub::log::error("refused to start: damaged state", {{"reason", damage.what()}});
    return EX_DATAERR;
  } catch (const wghub::SetUpWrongly& fault) {
    wghub::log::error("refused to start", {{"reason", fault.what()}});
    return EX_CONFIG;
  } catch (const std::exception& fault) {
    wghub::log::error("ended by a fault", {{"reason", fault.what()}});
    return EXIT_FAILURE;
  }
}
