// A Unix socket whose waits end after 12 s, longer than any answer of the helper may take.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "common/descriptor.h"

namespace wghub::attack {

/// Errors: std::system_error.
inline Descriptor connect_to(const std::string& path, int type) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = 12, .tv_usec = 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "connect");
  return socket;
}

/// A closed connection shows in the answer, so nothing is said about it here.
inline void write_record(int socket, const void* bytes, std::size_t size) {
  if (::send(socket, bytes, size, MSG_NOSIGNAL) < 0 && errno == EAGAIN)
    throw std::runtime_error("no answer: cannot send");
}

/// The size of what came; 0 when the connection is closed.
inline std::size_t read_record(int socket, void* bytes, std::size_t size) {
  const auto count = ::recv(socket, bytes, size, 0);
  if (count < 0 && errno == EAGAIN) throw std::runtime_error("no answer");
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace wghub::attack
