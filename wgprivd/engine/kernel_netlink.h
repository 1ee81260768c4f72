// The kernel's WireGuard over generic netlink. Leaves links and addresses to route_netlink.h.
#pragma once

#include "wgprivd/engine/device.h"

namespace wghub {

/// Asks the kernel for its WireGuard, which loads the module where there is one; nullptr when it has none.
/// Errors: std::system_error for the socket.
std::unique_ptr<Backend> open_kernel();

}  // namespace wghub
