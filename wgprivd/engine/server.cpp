#include "wgprivd/engine/server.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "common/log.h"

namespace wghub {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kTick{1};

}  // namespace

Server::Server(Engine& engine, Interface& interface, Descriptor listener, uid_t caller, Watched watched)
    : engine_(engine), interface_(interface), listener_(std::move(listener)), caller_(caller), watched_(watched) {}

Server::End Server::run() {
  auto last_use = Clock::now();
  auto last_tick = last_use;
  while (true) {
    const int listener = clients_.size() < kMaxClients ? listener_.get() : -1;
    std::vector<pollfd> waiting = {{watched_.signals, POLLIN, 0},
                                   {watched_.life_line, POLLRDHUP, 0},
                                   {watched_.link_news, POLLIN, 0},
                                   {listener, POLLIN, 0}};
    const auto first_client = waiting.size();
    for (const auto& client : clients_) {
      const short events = client.unsent.empty() ? POLLIN : POLLOUT;
      waiting.push_back({client.socket.get(), events, 0});
    }
    poll(waiting.data(), waiting.size(), std::chrono::milliseconds(kTick).count());
    if (waiting[0].revents != 0) return End::terminated;
    if (waiting[1].revents != 0) return End::backend_gone;
    if (waiting[2].revents != 0) interface_.read_news();

    for (std::size_t i = clients_.size(); i-- > 0;) {
      if (!serve(clients_[i], waiting[first_client + i].revents)) {
        clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    if (waiting[3].revents != 0) accept_one();
    const auto now = Clock::now();
    if (!clients_.empty()) last_use = now;
    if (now - last_tick >= kTick) {
      last_tick = now;
      engine_.tick();
    }
    if (now - last_use >= std::chrono::seconds(kIdleSeconds)) return End::idle;
  }
}

void Server::accept_one() {
  Descriptor socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.uid != caller_) {
    log::warning("a caller was refused", {{"uid", std::int64_t{peer.uid}}, {"pid", std::int64_t{peer.pid}}});
    return;
  }
  clients_.push_back({std::move(socket), {}, interface_.generation()});
}

// One record a turn, so that no client keeps the others waiting; false when the connection is to be closed.
bool Server::serve(Client& client, short events) {
  if (!flush(client)) return false;
  if (client.unsent.empty() && events != 0) {
    std::array<std::byte, sizeof(EngineRequest)> record{};
    const auto count = recv(client.socket.get(), record.data(), record.size(), MSG_TRUNC);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
    const auto length = static_cast<std::size_t>(count);
    // MSG_TRUNC tells the true length: a longer record is passed on as none, which is malformed.
    const auto bytes = length > record.size() ? std::span<std::byte>{} : std::span(record).first(length);
    if (count > 0 && !send(client, engine_.answer(bytes))) return false;
  }
  if (client.unsent.empty() && client.told_generation != interface_.generation()) {
    client.told_generation = interface_.generation();
    const auto news = engine_.link_changed_record();
    return send(client, std::as_bytes(std::span(&news, 1)));
  }
  return true;
}

bool Server::flush(Client& client) {
  if (client.unsent.empty()) return true;
  const auto record = std::move(client.unsent);
  client.unsent.clear();
  return send(client, record);
}

bool Server::send(Client& client, std::span<const std::byte> record) {
  const auto sent = ::send(client.socket.get(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    client.unsent.assign(record.begin(), record.end());
    return true;
  }
  return sent >= 0;
}

}  // namespace wghub
