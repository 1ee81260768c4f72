// A userspace WireGuard implementation through its UAPI socket: text lines. Leaves links and addresses to RouteNetlink.
// Never starts the implementation. Source: https://www.wireguard.com/xplatform/ "Configuration Protocol".
#pragma once

#include "wgprivd/engine/device.h"

namespace wghub {

inline constexpr std::size_t kUapiLineLimit = 512;      ///< bytes; a longer line is not of this protocol
inline constexpr std::size_t kUapiPeerLimit = 1 << 20;  ///< peers of a dump

/// The request that makes the change; the caller wipes it when it has a key.
std::string uapi_set(const DeviceChange& change);

/// Understands an answer line by line.
class UapiAnswer {
 public:
  /// dump (nullptr: a set's answer, which has no values) is filled while lines come.
  explicit UapiAnswer(Dump* dump) : dump_(dump) {}

  /// Takes one line without its newline. Returns false when it is not of this protocol.
  bool take(std::string_view line);

  /// Whether the answer has ended; then error() is its errno, 0 for success.
  bool is_finished() const { return finished_; }
  long error() const { return error_.value_or(-1); }

 private:
  bool take_value(std::string_view name, std::string_view value);

  Dump* dump_;
  std::optional<long> error_;
  bool finished_ = false;
};

/// Connects, waiting up to 5 s for an implementation that is just starting. Its life line hangs up, too, after an
/// answer that was broken. Errors: std::system_error when nobody listens at the path.
std::unique_ptr<Backend> open_uapi(const std::string& path);

}  // namespace wghub
