#include "wgprivd/engine/uapi.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "common/log.h"
#include "wgprivd/engine/uapi_text.h"

namespace wghub {
namespace {

constexpr int kTimeoutSeconds = 10;
constexpr int kConnectAttempts = 50;
constexpr std::chrono::milliseconds kConnectPause{100};

/// Room for received text, which may hold the private key.
struct Buffer {
  std::array<char, 65536> bytes{};
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { explicit_bzero(bytes.data(), bytes.size()); }
};

}  // namespace

UapiBackend::UapiBackend(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  path.copy(address.sun_path, path.size());
  const timeval limit{kTimeoutSeconds, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  for (int attempt = 1; connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0; ++attempt) {
    if (attempt == kConnectAttempts) throw std::system_error(errno, std::generic_category(), path);
    std::this_thread::sleep_for(kConnectPause);
  }
}

BackendOutcome UapiBackend::create(const std::string& interface) {
  log::error("the userspace implementation runs without its interface", {{"interface", interface}});
  return BackendOutcome::failed;
}

BackendOutcome UapiBackend::set_device(unsigned, const SecretKey& private_key, std::uint16_t port) {
  std::string request = uapi_set_device(private_key, port);
  const auto outcome = converse(request, nullptr);
  explicit_bzero(request.data(), request.size());
  return outcome;
}

BackendOutcome UapiBackend::set_peers(unsigned, std::span<const PeerChange> changes) {
  return converse(uapi_set_peers(changes), nullptr);
}

BackendOutcome UapiBackend::dump(unsigned, DeviceState& state) {
  state.clear();
  return converse(kUapiGet, &state);
}

BackendOutcome UapiBackend::converse(std::string_view request, DeviceState* state) {
  long error = 0;
  if (!send(request) || !receive(state, error)) {
    log::error("the userspace implementation does not answer as it should");
    shutdown(socket_.get(), SHUT_RDWR);
    return BackendOutcome::failed;
  }
  if (error == 0) return BackendOutcome::done;
  log::error("the userspace implementation refused", {{"errno", std::int64_t{error}}});
  return BackendOutcome::failed;
}

bool UapiBackend::send(std::string_view request) {
  while (!request.empty()) {
    const auto count = ::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    request.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool UapiBackend::receive(DeviceState* state, long& error) {
  Buffer buffer;
  UapiAnswer answer(state);
  std::size_t filled = 0;
  while (!answer.is_finished()) {
    const auto count = recv(socket_.get(), buffer.bytes.data() + filled, buffer.bytes.size() - filled, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;  // also when the buffer is full of one line
    filled += static_cast<std::size_t>(count);
    std::string_view rest(buffer.bytes.data(), filled);
    for (auto end = rest.find('\n'); end != std::string_view::npos && !answer.is_finished(); end = rest.find('\n')) {
      if (!answer.take(rest.substr(0, end))) return false;
      rest.remove_prefix(end + 1);
    }
    if (rest.size() > kUapiLineLimit) return false;
    filled = rest.size();
    std::memmove(buffer.bytes.data(), rest.data(), filled);
  }
  error = answer.error();
  return filled == 0;
}

}  // namespace wghub
