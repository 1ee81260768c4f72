#include "wgprivd/engine/route_netlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>

#include "common/log.h"

namespace wghub {
namespace {

constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
constexpr int kAttempts = 3;

template <class Header>
const Header* header_of(const nlmsghdr* message) {
  return static_cast<const Header*>(mnl_nlmsg_get_payload(message));
}

std::string name_of(const nlmsghdr* link) {
  const auto* name = attributes_of(link, sizeof(ifinfomsg))[IFLA_IFNAME];
  return name == nullptr ? "" : std::string(mnl_attr_get_str(name));
}

// A dump that the host's changes interrupted is taken again.
template <class Header>
int dump(NetlinkSocket& socket, std::uint16_t type, const std::function<void()>& begin,
         const std::function<void(const nlmsghdr*)>& visit) {
  int error = EINTR;
  for (int attempt = 0; attempt < kAttempts && error == EINTR; ++attempt) {
    begin();
    NetlinkMessage message;
    message.start<Header>(type, NLM_F_DUMP);
    error = socket.request(message.get(), visit);
  }
  return error;
}

}  // namespace

RouteNetlink::RouteNetlink() : requests_(NETLINK_ROUTE), news_(NETLINK_ROUTE, kGroups) {}

bool RouteNetlink::read_news(const std::string& interface, unsigned index) {
  bool ours = false;
  const bool all = news_.read_news([&](const nlmsghdr* message) {
    const auto type = message->nlmsg_type;
    if (type == RTM_NEWLINK || type == RTM_DELLINK) {
      ours |= static_cast<unsigned>(header_of<ifinfomsg>(message)->ifi_index) == index || name_of(message) == interface;
    } else if (type == RTM_NEWADDR || type == RTM_DELADDR) {
      ours |= header_of<ifaddrmsg>(message)->ifa_index == index;
    }
  });
  return ours || !all;
}

LinkState RouteNetlink::find(const std::string& interface, const std::optional<Network>& hub) {
  LinkState state;
  NetlinkMessage message;
  message.start<ifinfomsg>(RTM_GETLINK, 0);
  mnl_attr_put_strz(message.get(), IFLA_IFNAME, interface.c_str());
  const int error = requests_.request(message.get(), [&state](const nlmsghdr* link) {
    const auto* header = header_of<ifinfomsg>(link);
    state.index = static_cast<unsigned>(header->ifi_index);
    state.up = (header->ifi_flags & IFF_UP) != 0;
    state.mtu = value_of<std::uint32_t>(attributes_of(link, sizeof(ifinfomsg))[IFLA_MTU]);
  });
  if (error != 0 && error != ENODEV) log::error("the link cannot be read", {{"errno", std::int64_t{error}}});
  std::vector<LinkAddress> found;
  if (state.index == 0 || !hub || addresses(found) != 0) return state;
  for (const auto& address : found) state.has_address |= address.index == state.index && address.network == *hub;
  return state;
}

int RouteNetlink::addresses(std::vector<LinkAddress>& found) {
  return dump<ifaddrmsg>(
      requests_, RTM_GETADDR, [&found] { found.clear(); },
      [&found](const nlmsghdr* message) {
        const auto* header = header_of<ifaddrmsg>(message);
        const auto attributes = attributes_of(message, sizeof(ifaddrmsg));
        const auto* local = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
        const auto address = address_of(header->ifa_family, local);
        if (address) found.push_back({header->ifa_index, {address, header->ifa_prefixlen}});
      });
}

std::optional<std::vector<Network>> RouteNetlink::host_networks(unsigned except_index) {
  std::vector<LinkAddress> found;
  std::vector<Network> networks;
  const int addresses_error = addresses(found);
  const int routes_error = dump<rtmsg>(
      requests_, RTM_GETROUTE, [&networks] { networks.clear(); },
      [&](const nlmsghdr* message) {
        const auto* header = header_of<rtmsg>(message);
        const auto attributes = attributes_of(message, sizeof(rtmsg));
        const auto destination = address_of(header->rtm_family, attributes[RTA_DST]);
        const bool own = except_index != 0 && value_of<std::uint32_t>(attributes[RTA_OIF]) == except_index;
        if (destination && !own) networks.push_back({destination, header->rtm_dst_len});
      });
  if (addresses_error != 0 || routes_error != 0) {
    log::error("the host's addresses and routes cannot be read",
               {{"errno", std::int64_t{addresses_error != 0 ? addresses_error : routes_error}}});
    return std::nullopt;
  }
  for (const auto& address : found) {
    if (address.index != except_index) networks.push_back(address.network);
  }
  return networks;
}

int RouteNetlink::create(const std::string& interface, const char* kind) {
  NetlinkMessage message;
  message.start<ifinfomsg>(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  mnl_attr_put_strz(message.get(), IFLA_IFNAME, interface.c_str());
  auto* info = mnl_attr_nest_start(message.get(), IFLA_LINKINFO);
  mnl_attr_put_strz(message.get(), IFLA_INFO_KIND, kind);
  mnl_attr_nest_end(message.get(), info);
  return requests_.request(message.get());
}

int RouteNetlink::change_address(std::uint16_t type, unsigned flags, unsigned index, const Network& network) {
  NetlinkMessage message;
  auto* header = message.start<ifaddrmsg>(type, flags);
  header->ifa_family = static_cast<std::uint8_t>(system_family_of(network.address));
  header->ifa_prefixlen = network.prefix;
  header->ifa_index = index;
  header->ifa_flags = network.address.family == Family::ipv6 ? IFA_F_NODAD : 0;
  put_address(message.get(), IFA_LOCAL, network.address);
  put_address(message.get(), IFA_ADDRESS, network.address);
  return requests_.request(message.get());
}

int RouteNetlink::bring_up(unsigned index, const Network& hub, unsigned mtu) {
  std::vector<LinkAddress> found;
  int error = addresses(found);
  bool present = false;
  for (const auto& address : found) {
    if (error != 0 || address.index != index) continue;
    present |= address.network == hub;
    const bool link_local = address.network.address.bytes[0] == 0xfe && (address.network.address.bytes[1] >> 6) == 2;
    if (address.network != hub && !(address.network.address.family == Family::ipv6 && link_local)) {
      error = change_address(RTM_DELADDR, 0, index, address.network);
    }
  }
  if (error == 0 && !present) error = change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, hub);
  if (error != 0) return error;
  NetlinkMessage message;
  auto* header = message.start<ifinfomsg>(RTM_NEWLINK, 0);
  header->ifi_index = static_cast<int>(index);
  header->ifi_flags = IFF_UP;
  header->ifi_change = IFF_UP;
  mnl_attr_put_u32(message.get(), IFLA_MTU, mtu);
  return requests_.request(message.get());
}

}  // namespace wghub
