#include "common/line_socket.h"

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/socket.h>

#include "common/unix_socket.h"

namespace wghub {

LineSocket::LineSocket(Descriptor socket) : stream_(socket ? fdopen(socket.get(), "r") : nullptr) {
  if (stream_ == nullptr) return;
  limit_waits(socket.release());
  static_cast<void>(std::setvbuf(stream_, buffer_.data(), _IOFBF, buffer_.size()));
}

LineSocket::~LineSocket() {
  if (stream_ != nullptr) static_cast<void>(std::fclose(stream_));
  wipe();
}

bool LineSocket::send(std::string_view text) {
  return ::send(descriptor(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::optional<std::string_view> LineSocket::receive() {
  if (std::fgets(line_.data(), static_cast<int>(line_.size()), stream_) == nullptr) return std::nullopt;
  const std::string_view line = line_.data();
  if (!line.ends_with('\n')) return std::nullopt;
  return line.substr(0, line.size() - 1);
}

void LineSocket::wipe() {
  explicit_bzero(buffer_.data(), buffer_.size());
  explicit_bzero(line_.data(), line_.size());
}

void LineSocket::shut() { shutdown(descriptor(), SHUT_RDWR); }

}  // namespace wghub
