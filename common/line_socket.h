// Lines of text over a connected stream socket, with limits on their length and on waiting; what was received can be
// wiped. Leaves what the lines mean to its users.
#pragma once

#include <array>
#include <cstdio>
#include <optional>
#include <string_view>

#include "common/descriptor.h"

namespace wghub {

class LineSocket {
 public:
  static constexpr std::size_t kLineBytes = 1024;  ///< a longer line cannot be received

  /// No wait is longer than 10 s. Without a socket, descriptor() is -1 and nothing else may be called.
  explicit LineSocket(Descriptor socket);
  LineSocket(const LineSocket&) = delete;
  LineSocket& operator=(const LineSocket&) = delete;
  ~LineSocket();

  int descriptor() const { return stream_ == nullptr ? -1 : fileno(stream_); }

  /// Sends the whole text; false when that failed.
  bool send(std::string_view text);

  /// The next line without its newline, until the next call; nothing at the end, after an error or a line too long.
  std::optional<std::string_view> receive();

  /// Forgets all that was received, also what was not read yet.
  void wipe();

  /// Ends the connection; the descriptor stays and shows it.
  void shut();

 private:
  std::FILE* stream_;  ///< for receiving
  std::array<char, 65536> buffer_{};
  std::array<char, kLineBytes + 2> line_{};
};

}  // namespace wghub
