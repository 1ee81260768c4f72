// The text protocol of userspace WireGuard implementations: what is said and what is understood, without a socket.
// Source: https://www.wireguard.com/xplatform/ "Configuration Protocol".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wgprivd/engine/netlink_uapi_device.h"

namespace wghub {

inline constexpr std::size_t kUapiLineLimit = 512;         ///< bytes; a longer line is not of this protocol
inline constexpr std::size_t kUapiPeerLimit = 1 << 20;     ///< peers of a dump
inline constexpr std::string_view kUapiGet = "get=1\n\n";  ///< asks for a dump

/// The request that applies the changes as a whole.
std::string uapi_set_peers(std::span<const PeerChange> changes);

/// The request that sets key and port; the caller wipes it.
std::string uapi_set_device(const SecretKey& private_key, std::uint16_t port);

/// Understands an answer line by line.
class UapiAnswer {
 public:
  /// state (nullptr: a set's answer, which has no values) is filled while lines come.
  explicit UapiAnswer(DeviceState* state) : state_(state) {}

  /// Takes one line without its newline. Returns false when it is not of this protocol.
  bool take(std::string_view line);

  /// Whether the answer has ended; then error() is its errno, 0 for success.
  bool is_finished() const { return finished_; }
  long error() const { return error_.value_or(-1); }

 private:
  bool take_device_value(std::string_view name, std::string_view value);
  bool take_peer_value(std::string_view name, std::string_view value);

  DeviceState* state_;
  std::optional<long> error_;
  bool finished_ = false;
};

}  // namespace wghub
