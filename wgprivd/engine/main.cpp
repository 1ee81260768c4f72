// wgprivd-engine: the one program with CAP_NET_ADMIN. Opens all it will ever need, confines itself, serves records
// (or, with --restore, brings the interface back once; with --backup, gives or takes what a backup holds of its state).
// Leaves Cap'n Proto to the front.
// Ends with 0 (idle, asked to, restored), 65 (damaged state) or 1 (the log says why).
#include <poll.h>
#include <seccomp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>

#include "common/confinement.h"
#include "common/daemon_main.h"
#include "common/log.h"
#include "common/unix_socket.h"
#include "wgprivd/engine/engine.h"
#include "wgprivd/engine/kernel_netlink.h"
#include "wgprivd/engine/uapi.h"

namespace wghub {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{1000};
constexpr std::chrono::seconds kIdle{60};
constexpr std::size_t kMaxClients = 8;

struct Client {
  Descriptor socket;
  std::uint64_t told_generation = 0;  // of the interface, the last that the client knows
};

// False when it is gone, or so slow a reader that its answers fill the socket.
bool send_to(const Client& client, std::span<const std::byte> record) {
  return send(client.socket.get(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

// One record a turn, so that no client keeps the others waiting; false when the connection is to be closed.
bool take_turn(Client& client, Engine& engine, const Interface& interface, bool readable) {
  if (readable) {
    std::array<std::byte, sizeof(EngineRequest)> record{};
    // With MSG_TRUNC the true length is told: a record of another length is passed on as an empty one.
    const auto length = recv(client.socket.get(), record.data(), record.size(), MSG_TRUNC);
    const auto fits = length == std::ssize(record) ? record.size() : 0;
    if (length <= 0 || !send_to(client, engine.answer(std::span(record).first(fits)))) return false;
  }
  if (std::exchange(client.told_generation, interface.generation()) == interface.generation()) return true;
  EngineReply news{.operation = EngineOperation::link_changed};
  engine.describe(news);
  return send_to(client, std::as_bytes(std::span(&news, 1)));
}

// Serves connections of the user caller until nobody has been connected for a minute (true), or the WireGuard
// implementation is gone (false).
bool serve(Engine& engine, Interface& interface, Descriptor listener, uid_t caller) {
  std::vector<Client> clients;
  auto last_use = Clock::now();
  auto last_tick = last_use;
  while (Clock::now() - last_use < kIdle) {
    const int accepting = clients.size() < kMaxClients ? listener.get() : -1;
    std::vector<pollfd> waiting = {
        {interface.life_line(), POLLRDHUP, 0}, {interface.news(), POLLIN, 0}, {accepting, POLLIN, 0}};
    for (const auto& client : clients) waiting.push_back({client.socket.get(), POLLIN, 0});
    poll(waiting.data(), waiting.size(), kTick.count());
    if (waiting[0].revents != 0) return false;
    if (waiting[1].revents != 0) interface.read_news();
    auto event = waiting.begin() + 3;
    std::erase_if(clients,
                  [&](Client& client) { return !take_turn(client, engine, interface, event++->revents != 0); });
    if (auto socket = waiting[2].revents != 0 ? accept_from(listener, caller) : Descriptor())
      clients.push_back({std::move(socket), interface.generation()});
    if (!clients.empty()) last_use = Clock::now();
    if (Clock::now() - last_tick < kTick) continue;
    last_tick = Clock::now();
    engine.tick();
  }
  return true;
}

void confine_to(const StateDirectory& directory) {
  // clang-format off
  confine({directory.get()}, {
      // records, netlink, UAPI
      SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
      SCMP_SYS(getsockopt), SCMP_SYS(shutdown), SCMP_SYS(read),
      // state files
      SCMP_SYS(openat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(pwrite64), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
      SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlinkat), SCMP_SYS(lseek)});
  // clang-format on
  log::info("the engine is confined");
}

std::unique_ptr<Backend> open_backend(const std::string& which, const std::string& interface) {
  auto kernel = which == "userspace" ? nullptr : open_kernel();
  if (which == "kernel" && !kernel) throw std::runtime_error("the kernel has no WireGuard");
  return kernel ? std::move(kernel) : open_uapi("/run/wireguard/" + interface + ".sock");
}

int run(int argc, char** argv) {
  std::string state = "/var/lib/wireguard-hub-privileged";
  std::string name = "wg0";
  std::string user = "wghub-front";
  std::string which = "auto";
  std::string backup;
  bool restoring = false;
  std::setbuf(stdout, nullptr);  // nothing flushes it at the end
  CLI::App app("The privileged part of WireGuard Hub");
  app.add_option("--state", state, "State directory");
  app.add_option("--interface", name, "The one interface");
  app.add_option("--caller", user, "The only user who may connect");
  app.add_option("--backend", which)->check(CLI::IsMember({"auto", "kernel", "userspace"}));
  app.add_flag("--restore", restoring, "Bring the interface and its peers back, once");
  app.add_option("--backup", backup, "Through the descriptor backup")->check(CLI::IsMember({"give", "take"}));
  CLI11_PARSE(app, argc, argv);

  // What must outlive the program is on disk before its answer, so it may end at any point.
  static_cast<void>(std::signal(SIGTERM, [](int) { _exit(EXIT_SUCCESS); }));
  refuse_root();
  const bool serving = !restoring && backup.empty();
  Descriptor listener = serving ? handed_over_listener("engine", SOCK_SEQPACKET) : Descriptor();
  const uid_t caller = serving ? user_id(user) : 0;
  SecretKey sealing_key;
  const bool has_key = read_key(handed_over_file("kek"), sealing_key);
  if (!has_key) throw std::runtime_error("no key-encryption key of 32 bytes (descriptor or credential kek)");

  const StateDirectory directory(state);
  HubKey key(directory, "hub.key", sealing_key);
  PolicyFile policy(directory, "policy");
  if (!backup.empty()) {
    const auto pipe = handed_over("backup");
    confine_to(directory);
    return exchange_secrets(key, policy, backup == "give", pipe);
  }
  Journal journal(directory, "journal", restoring ? OnDamage::refuse : OnDamage::set_aside);
  NetlinkSocket route(NETLINK_ROUTE);
  NetlinkSocket news(NETLINK_ROUTE, kLinkNews);
  const auto backend = open_backend(which, name);
  // The first line opens the log's socket and the time zone, which the confinement would not let it.
  log::info("the engine starts", {{"backend", backend->kind() == EngineBackend::kernel ? "kernel" : "userspace"},
                                  {"peers", std::to_string(journal.content().size())}});
  confine_to(directory);

  Interface interface(name, key, policy, *backend, route, news);
  Engine engine(key, policy, journal, interface);
  if (restoring) return engine.restore() ? EXIT_SUCCESS : EXIT_FAILURE;
  if (serve(engine, interface, std::move(listener), caller)) return EXIT_SUCCESS;
  throw std::runtime_error("the userspace implementation is gone");
}

}  // namespace
}  // namespace wghub

int main(int argc, char** argv) {
  wghub::run_to_the_end("the engine ends", [=] { return wghub::run(argc, argv); });
}
