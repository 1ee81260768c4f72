// Links, addresses and routes over rtnetlink: reads those of the host, changes only the one interface it is told.
// Leaves keys and peers to the Backend. The socket of each call is one of NETLINK_ROUTE.
#pragma once

#include <linux/rtnetlink.h>

#include <optional>
#include <string>

#include "wgprivd/engine/netlink_socket.h"

namespace wghub {

/// News of these groups: links or addresses of the host changed.
inline constexpr unsigned kLinkNews = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;

/// The interface as rtnetlink shows it; index 0: there is none.
struct LinkState {
  unsigned index = 0;
  bool up = false;
  bool has_address = false;  ///< the hub's address with the network's prefix
  unsigned mtu = 0;
  bool operator==(const LinkState&) const = default;
};

/// Looks the interface up; hub is its address with the network's prefix, where one is expected.
LinkState find_link(NetlinkSocket& socket, const std::string& interface, const std::optional<Network>& hub);

/// All addresses (with their networks) and routes of the host, without those of the interface except_index.
/// Nothing, with a log line, when they could not be read whole.
std::optional<std::vector<Network>> host_networks(NetlinkSocket& socket, unsigned except_index);

/// Makes a WireGuard link; returns 0 or an errno value.
int create_link(NetlinkSocket& socket, const std::string& interface);

/// Gives the interface this address and no other, the MTU, and brings it up; returns 0 or an errno value.
int bring_link_up(NetlinkSocket& socket, unsigned index, const Network& hub, unsigned mtu);

}  // namespace wghub
