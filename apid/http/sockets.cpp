#include "apid/http/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "apid/http/client_address.h"
#include "common/unix_socket.h"

namespace wghub::http {
namespace {

constexpr int kBacklog = 4096;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): at start only
}

socklen_t fill(sockaddr_storage& storage, const Address& address, std::uint16_t port) {
  if (address.family == Family::ipv4) {
    sockaddr_in ipv4{};
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    std::memcpy(&ipv4.sin_addr, address.bytes.data(), sizeof ipv4.sin_addr);
    std::memcpy(&storage, &ipv4, sizeof ipv4);
    return sizeof ipv4;
  }
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  std::memcpy(&ipv6.sin6_addr, address.bytes.data(), sizeof ipv6.sin6_addr);
  std::memcpy(&storage, &ipv6, sizeof ipv6);
  return sizeof ipv6;
}

// A socket file is stale when nobody listens behind it.
void remove_stale(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) throw std::runtime_error("not a socket, left alone: " + path);
  if (connect_to(path, SOCK_STREAM | SOCK_NONBLOCK)) throw std::runtime_error("another process listens on " + path);
  ::unlink(path.c_str());
}

bool is_exhaustion(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

}  // namespace

Descriptor listen_on(const std::string& address_text, std::uint16_t port) {
  const auto address = parse_address(address_text);
  if (!address) throw std::runtime_error("not an IP address to listen on: " + address_text);
  const auto what = "cannot listen on " + address_text + " port " + std::to_string(port);
  sockaddr_storage name{};
  const auto size = fill(name, *address, port);
  Descriptor listener(::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) fail(what);
  const int yes = 1;
  const int no = 0;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address->family == Family::ipv6) setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      ::listen(listener.get(), kBacklog) != 0)
    fail(what);
  return listener;
}

Descriptor adopt_listener(int handed_over) {
  Descriptor listener(handed_over);
  int listening = 0;
  socklen_t size = sizeof listening;
  if (getsockopt(handed_over, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
    throw std::runtime_error("the handed-over descriptor is no listening socket");
  const int flags = fcntl(handed_over, F_GETFL);
  if (flags < 0 || fcntl(handed_over, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(handed_over, F_SETFD, FD_CLOEXEC) != 0)
    fail("cannot prepare the handed-over socket");
  return listener;
}

Descriptor listen_on_path(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) throw std::runtime_error("socket path too long: " + path);
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  remove_stale(path);
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Linux gives the file the mode that the socket has when it is bound.
  if (!listener || fchmod(listener.get(), 0600) != 0 ||
      ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(listener.get(), kBacklog) != 0)
    fail("cannot listen on " + path);
  return listener;
}

std::uint16_t bound_port(int listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &name, sizeof ipv6);
  return ntohs(ipv6.sin6_port);  // the port is at the same place in both families
}

Accepted accept_from(int listener) {
  Accepted result;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  result.socket =
      Descriptor(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!result.socket) {
    // Whatever else accept reports concerns one connection that is gone already.
    result.outcome = is_exhaustion(errno) ? AcceptOutcome::exhausted : AcceptOutcome::nothing;
    return result;
  }
  result.outcome = AcceptOutcome::connection;
  result.peer = from_socket(peer);
  if (result.peer) {
    const int yes = 1;
    setsockopt(result.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  return result;
}

}  // namespace wghub::http
