#include "wgprivd/engine/server.h"

#include <poll.h>

#include <chrono>

#include "common/log.h"
#include "common/unix_socket.h"

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

Descriptor accept_from(const Descriptor& listener, uid_t caller) {
  Descriptor socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const auto peer = peer_of(socket.get());
  if (!peer || peer->uid == caller) return peer ? std::move(socket) : Descriptor();
  log::warning("a caller was refused", {{"uid", std::int64_t{peer->uid}}, {"pid", std::int64_t{peer->pid}}});
  return {};
}

}  // namespace

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
    if (auto socket = waiting[2].revents != 0 ? accept_from(listener, caller) : Descriptor()) {
      clients.push_back({std::move(socket), interface.generation()});
    }
    if (!clients.empty()) last_use = Clock::now();
    if (Clock::now() - last_tick < kTick) continue;
    last_tick = Clock::now();
    engine.tick();
  }
  return true;
}

}  // namespace wghub
