// The kernel's WireGuard over generic netlink. Leaves links and addresses to RouteNetlink.
#pragma once

#include "wgprivd/engine/device.h"
#include "wgprivd/engine/netlink_socket.h"

namespace wghub {

class KernelBackend : public Backend {
 public:
  /// Asks the kernel for its WireGuard, which loads the module where there is one.
  /// Errors: std::system_error for the socket.
  KernelBackend();

  /// Whether the kernel has WireGuard.
  bool is_available() const { return family_ != 0; }

  EngineBackend kind() const override { return EngineBackend::kernel; }
  int set(unsigned index, const DeviceChange& change) override;
  int dump(unsigned index, Dump& dump) override;

 private:
  NetlinkSocket socket_;
  std::uint16_t family_ = 0;
};

}  // namespace wghub
