// A userspace WireGuard implementation through its UAPI socket. Leaves its text to uapi_text.h, and links and
// addresses to RouteNetlink. Never starts the implementation.
#pragma once

#include <string>

#include "common/descriptor.h"
#include "wgprivd/engine/netlink_uapi_device.h"

namespace wghub {

class UapiBackend : public Backend {
 public:
  /// Connects, waiting up to 5 s for an implementation that is just starting.
  /// Errors: std::system_error when nobody listens at the path.
  explicit UapiBackend(const std::string& path);

  EngineBackend kind() const override { return EngineBackend::userspace; }
  int life_line() const override { return socket_.get(); }
  BackendOutcome create(const std::string& interface) override;
  BackendOutcome set_device(unsigned index, const SecretKey& private_key, std::uint16_t port) override;
  BackendOutcome set_peers(unsigned index, std::span<const PeerChange> changes) override;
  BackendOutcome dump(unsigned index, DeviceState& state) override;

 private:
  /// One request and its answer. After a broken answer the connection is shut: life_line() then hangs up.
  BackendOutcome converse(std::string_view request, DeviceState* state);
  bool send(std::string_view request);
  bool receive(DeviceState* state, long& error);

  Descriptor socket_;
};

}  // namespace wghub
