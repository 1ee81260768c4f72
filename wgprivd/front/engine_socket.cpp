#include "wgprivd/front/engine_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

bool is_well_formed(const EngineStatusPage& page, std::size_t size) {
  if (size < sizeof(EngineReply) || page.reply.version != kEngineVersion) return false;
  if (page.reply.peer_count > kPeersPerPage) return false;
  return size == sizeof(EngineReply) + page.reply.peer_count * sizeof(EnginePeer);
}

}  // namespace

EngineSocket::EngineSocket(kj::UnixEventPort& port, Descriptor socket)
    : socket_(std::move(socket)), observer_(port, socket_.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ) {}

std::shared_ptr<EngineSocket> EngineSocket::connect(kj::UnixEventPort& port, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return nullptr;
  std::memcpy(address.sun_path, path.data(), path.size());
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // On a Unix socket this succeeds or fails at once; EAGAIN means that the backlog is full, so: not now.
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return nullptr;
  return std::shared_ptr<EngineSocket>(new EngineSocket(port, std::move(socket)));
}

bool EngineSocket::send(const EngineRequest& request) {
  return ::send(socket_.get(), &request, sizeof request, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof request;
}

EngineSocket::Received EngineSocket::receive(EngineStatusPage& page) {
  ssize_t size = 0;
  do {
    size = ::recv(socket_.get(), &page, sizeof page, MSG_DONTWAIT | MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return Received::nothing;
  if (size <= 0) return Received::lost;
  if (is_well_formed(page, static_cast<std::size_t>(size))) return Received::record;
  log::error("engine sent a malformed record", {{"bytes", std::int64_t{size}}});
  return Received::lost;
}

void EngineSocket::shut_down() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace wghub
