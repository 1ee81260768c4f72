// The kernel's WireGuard over generic netlink. Leaves links and addresses to RouteNetlink.
#pragma once

#include <string>

#include "wgprivd/engine/netlink_socket.h"
#include "wgprivd/engine/netlink_uapi_device.h"
#include "wgprivd/engine/route_netlink.h"

namespace wghub {

class KernelBackend : public Backend {
 public:
  /// Asks the kernel for its WireGuard, which loads the module where there is one; route must outlive this.
  /// Errors: std::system_error for the socket.
  explicit KernelBackend(RouteNetlink& route);

  /// Whether the kernel has WireGuard.
  bool is_available() const { return family_ != 0; }

  EngineBackend kind() const override { return EngineBackend::kernel; }
  BackendOutcome create(const std::string& interface) override;
  BackendOutcome set_device(unsigned index, const SecretKey& private_key, std::uint16_t port) override;
  BackendOutcome set_peers(unsigned index, std::span<const PeerChange> changes) override;
  BackendOutcome dump(unsigned index, DeviceState& state) override;

 private:
  BackendOutcome outcome_of(int error, const char* what) const;

  RouteNetlink& route_;
  NetlinkSocket socket_;
  std::uint16_t family_ = 0;
};

}  // namespace wghub
