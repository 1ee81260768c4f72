// Links, addresses and routes over rtnetlink: reads those of the host, changes only the one interface it is told.
// Leaves keys and peers to the Backend.
#pragma once

#include <optional>
#include <string>

#include "wgprivd/engine/netlink_socket.h"

namespace wghub {

/// The interface as rtnetlink shows it; index 0: there is none.
struct LinkState {
  unsigned index = 0;
  bool up = false;
  bool has_address = false;  ///< the hub's address with the network's prefix
  unsigned mtu = 0;
  bool operator==(const LinkState&) const = default;
};

class RouteNetlink {
 public:
  /// Errors: std::system_error.
  RouteNetlink();

  /// Readable when links or addresses of the host changed; whether they did since the last call.
  int descriptor() const { return news_.descriptor(); }
  bool has_news() { return news_.has_news(); }

  /// Looks the interface up; hub is its address with the network's prefix, where one is expected.
  LinkState find(const std::string& interface, const std::optional<Network>& hub);

  /// All addresses (with their networks) and routes of the host, without those of the interface except_index.
  /// Nothing, with a log line, when they could not be read whole.
  std::optional<std::vector<Network>> host_networks(unsigned except_index);

  /// Makes a WireGuard link; returns 0 or an errno value.
  int create(const std::string& interface);

  /// Gives the interface this address and no other, the MTU, and brings it up; returns 0 or an errno value.
  int bring_up(unsigned index, const Network& hub, unsigned mtu);

 private:
  struct LinkNetwork {
    unsigned index = 0;
    Network network;
  };
  template <class Header>
  int dump(int type, std::vector<LinkNetwork>& found, LinkNetwork (*read)(const Header&, const Attributes&));
  int addresses(std::vector<LinkNetwork>& found);
  int change_address(int type, unsigned flags, const LinkNetwork& address);

  NetlinkSocket requests_;
  NetlinkSocket news_;
};

}  // namespace wghub
