#include "common/unix_socket.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::chrono::milliseconds kConnectPause{100};
constexpr timeval kLongestWait{10, 0};

}  // namespace

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

Descriptor handed_over_file(const std::string& name) {
  auto file = handed_over(name);
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  if (file || directory == nullptr) return file;
  return Descriptor(open((std::string(directory) + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
}

Descriptor connect_to(const std::string& path, int type, std::chrono::milliseconds patience) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.copy(address.sun_path, sizeof address.sun_path - 1) < path.size()) errno = ENAMETOOLONG;
  if (path.size() >= sizeof address.sun_path) return {};
  for (;; patience -= kConnectPause) {
    Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    if (patience <= patience.zero()) return {};
    std::this_thread::sleep_for(kConnectPause);
  }
}

void limit_waits(int socket) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kLongestWait, sizeof kLongestWait);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kLongestWait, sizeof kLongestWait);
}

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known ? std::optional(peer) : std::nullopt;
}

Descriptor accept_from(const Descriptor& listener, uid_t caller) {
  Descriptor socket(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const auto peer = peer_of(socket.get());
  if (!peer || peer->uid == caller) return peer ? std::move(socket) : Descriptor();
  log::warning("a caller was refused", {{"uid", std::int64_t{peer->uid}}, {"pid", std::int64_t{peer->pid}}});
  return {};
}

uid_t user_id(const std::string& name) {
  const passwd* user = getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): at start, in one thread
  if (user == nullptr) throw std::runtime_error("no user " + name);
  return user->pw_uid;
}

}  // namespace wghub
