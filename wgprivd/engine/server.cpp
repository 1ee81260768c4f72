#include "wgprivd/engine/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "common/log.h"

namespace wghub {

Server::Server(Engine& engine, Interface& interface, Descriptor listener, uid_t caller)
    : engine_(engine), interface_(interface), listener_(std::move(listener)), caller_(caller) {}

bool Server::run() {
  constexpr std::chrono::seconds tick(1);
  auto last_use = std::chrono::steady_clock::now();
  auto last_tick = last_use;
  while (true) {
    const int listener = clients_.size() < kMaxClients ? listener_.get() : -1;
    std::vector<pollfd> waiting = {
        {interface_.life_line(), POLLRDHUP, 0}, {interface_.news(), POLLIN, 0}, {listener, POLLIN, 0}};
    const auto first_client = waiting.size();
    for (const auto& client : clients_) {
      waiting.push_back({client.socket.get(), static_cast<short>(client.unsent.empty() ? POLLIN : POLLOUT), 0});
    }
    poll(waiting.data(), waiting.size(), std::chrono::milliseconds(tick).count());
    if (waiting[0].revents != 0) return false;
    if (waiting[1].revents != 0) interface_.read_news();
    for (std::size_t i = clients_.size(); i-- > 0;) {
      const bool goes_on = serve(clients_[i], waiting[first_client + i].revents != 0);
      if (!goes_on) clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[2].revents != 0) accept_one();
    const auto now = std::chrono::steady_clock::now();
    if (!clients_.empty()) last_use = now;
    if (now - last_use >= std::chrono::seconds(kIdleSeconds)) return true;
    if (now - last_tick < tick) continue;
    last_tick = now;
    engine_.tick();
  }
}

void Server::accept_one() {
  Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == caller_) {
    clients_.push_back({std::move(socket), interface_.generation(), {}});
  } else {
    log::warning("a caller was refused", {{"uid", std::int64_t{peer.uid}}, {"pid", std::int64_t{peer.pid}}});
  }
}

// One record a turn, so that no client keeps the others waiting; false when the connection is to be closed.
bool Server::serve(Client& client, bool readable) {
  if (const auto unsent = std::exchange(client.unsent, {}); !unsent.empty() && !send(client, unsent)) return false;
  if (client.unsent.empty() && readable) {
    std::array<std::byte, sizeof(EngineRequest)> record{};
    // With MSG_TRUNC the true length is told: a longer record is passed on as an empty one, which is malformed.
    const auto length = recv(client.socket.get(), record.data(), record.size(), MSG_TRUNC);
    if (length == 0 || (length < 0 && errno != EAGAIN)) return false;
    const bool fits = length == std::ssize(record);
    if (length > 0 && !send(client, engine_.answer(std::span(record).first(fits ? record.size() : 0)))) return false;
  }
  if (!client.unsent.empty() || client.told_generation == interface_.generation()) return true;
  client.told_generation = interface_.generation();
  EngineReply news{.operation = EngineOperation::link_changed};
  engine_.describe(news);
  return send(client, std::as_bytes(std::span(&news, 1)));
}

bool Server::send(Client& client, std::span<const std::byte> record) {
  const auto sent = ::send(client.socket.get(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno == EAGAIN) client.unsent.assign(record.begin(), record.end());
  return sent >= 0 || errno == EAGAIN;
}

}  // namespace wghub
