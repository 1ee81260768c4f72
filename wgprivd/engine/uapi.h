// A userspace WireGuard implementation through its UAPI socket: text lines. Leaves links and addresses to RouteNetlink.
// Never starts the implementation. Source: https://www.wireguard.com/xplatform/ "Configuration Protocol".
#pragma once

#include <cstdio>

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
  bool take_private_key(std::string_view value);

  Dump* dump_;
  std::optional<long> error_;
  bool finished_ = false;
};

class UapiBackend : public Backend {
 public:
  /// Connects, waiting up to 5 s for an implementation that is just starting.
  /// Errors: std::system_error when nobody listens at the path.
  explicit UapiBackend(const std::string& path);
  ~UapiBackend() override { std::fclose(stream_); }

  EngineBackend kind() const override { return EngineBackend::userspace; }
  int life_line() const override { return fileno(stream_); }
  int set(unsigned index, const DeviceChange& change) override;
  int dump(unsigned index, Dump& dump) override;

 private:
  /// One request and its answer. After a broken answer the connection is shut: life_line() then hangs up.
  int converse(std::string_view request, Dump* dump);

  std::FILE* stream_ = nullptr;       ///< for reading; requests go to its socket
  std::array<char, 65536> received_;  ///< the stream's buffer; wiped, as a dump begins with the private key
};

}  // namespace wghub
