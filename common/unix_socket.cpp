#include "common/unix_socket.h"

#include <pwd.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace wghub {

Descriptor handed_over(std::string_view name) {
  Descriptor found;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(0, &names);
  for (int i = 0; i < count; ++i) {
    if (names[i] == name) found = Descriptor(SD_LISTEN_FDS_START + i);
    free(names[i]);  // NOLINT(cppcoreguidelines-no-malloc): sd_listen_fds_with_names(3) allocates so
  }
  free(names);  // NOLINT(cppcoreguidelines-no-malloc)
  return found;
}

Descriptor handed_over_listener(std::string_view name, int type) {
  auto listener = handed_over(name);
  if (sd_is_socket_unix(listener.get(), type, 1, nullptr, 0) > 0) return listener;
  throw std::runtime_error("no listening Unix socket of the right type was handed over as " + std::string(name));
}

Descriptor connect_to(const std::string& path, int type) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.copy(address.sun_path, sizeof address.sun_path - 1) < path.size()) errno = ENAMETOOLONG;
  if (path.size() >= sizeof address.sun_path) return {};
  Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  const bool connected = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected ? std::move(socket) : Descriptor();
}

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known ? std::optional(peer) : std::nullopt;
}

uid_t user_id(const std::string& name) {
  const passwd* user = getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start, in one thread
  if (user == nullptr) throw std::runtime_error("no user " + name);
  return user->pw_uid;
}

}  // namespace wghub
