#include "wgprivd/engine/route_netlink.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "common/log.h"

namespace wghub {
namespace {

constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
constexpr int kAttempts = 3;

}  // namespace

RouteNetlink::RouteNetlink() : requests_(NETLINK_ROUTE), news_(NETLINK_ROUTE, kGroups) {}

LinkState RouteNetlink::find(const std::string& interface, const std::optional<Network>& hub) {
  LinkState state;
  auto* message = requests_.start<ifinfomsg>(RTM_GETLINK, 0).first;
  mnl_attr_put_strz(message, IFLA_IFNAME, interface.c_str());
  const int error = requests_.ask<ifinfomsg>(message, [&state](const ifinfomsg& link, const Attributes& attributes) {
    state.index = static_cast<unsigned>(link.ifi_index);
    state.up = (link.ifi_flags & IFF_UP) != 0;
    state.mtu = attributes.value<std::uint32_t>(IFLA_MTU);
  });
  if (error != 0 && error != ENODEV) log::error("the link cannot be read", {{"errno", std::int64_t{error}}});
  std::vector<LinkNetwork> found;
  if (state.index == 0 || !hub || addresses(found) != 0) return state;
  for (const auto& [index, network] : found) state.has_address |= index == state.index && network == *hub;
  return state;
}

// A dump that the host's changes interrupted is taken again. What has no address is left out.
template <class Header>
int RouteNetlink::dump(int type, std::vector<LinkNetwork>& found,
                       LinkNetwork (*read)(const Header&, const Attributes&)) {
  int error = EINTR;
  const auto before = found.size();
  for (int attempt = 0; attempt < kAttempts && error == EINTR; ++attempt) {
    found.resize(before);
    auto* message = requests_.start<Header>(type, NLM_F_DUMP).first;
    error = requests_.ask<Header>(message, [&found, read](const Header& header, const Attributes& attributes) {
      const auto entry = read(header, attributes);
      if (entry.network.address) found.push_back(entry);
    });
  }
  return error;
}

int RouteNetlink::addresses(std::vector<LinkNetwork>& found) {
  return dump<ifaddrmsg>(RTM_GETADDR, found, [](const ifaddrmsg& header, const Attributes& attributes) {
    const auto local = attributes.address(header.ifa_family, IFA_LOCAL);
    const auto address = local ? local : attributes.address(header.ifa_family, IFA_ADDRESS);
    return LinkNetwork{header.ifa_index, {address, header.ifa_prefixlen}};
  });
}

std::optional<std::vector<Network>> RouteNetlink::host_networks(unsigned except_index) {
  std::vector<LinkNetwork> found;
  int error = addresses(found);
  if (error == 0) {
    error = dump<rtmsg>(RTM_GETROUTE, found, [](const rtmsg& header, const Attributes& attributes) {
      const auto destination = attributes.address(header.rtm_family, RTA_DST);
      return LinkNetwork{attributes.value<unsigned>(RTA_OIF), {destination, header.rtm_dst_len}};
    });
  }
  if (error != 0) log::error("the host's networks cannot be read", {{"errno", std::int64_t{error}}});
  if (error != 0) return std::nullopt;
  std::vector<Network> networks;
  for (const auto& [index, network] : found) {
    if (except_index == 0 || index != except_index) networks.push_back(network);
  }
  return networks;
}

int RouteNetlink::create(const std::string& interface) {
  auto* message = requests_.start<ifinfomsg>(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL).first;
  mnl_attr_put_strz(message, IFLA_IFNAME, interface.c_str());
  auto* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "wireguard");
  mnl_attr_nest_end(message, info);
  return requests_.talk(message);
}

int RouteNetlink::change_address(int type, unsigned flags, const LinkNetwork& address) {
  const auto& network = address.network;
  const auto [message, header] = requests_.start<ifaddrmsg>(type, flags);
  header->ifa_family = static_cast<std::uint8_t>(system_family_of(network.address));
  header->ifa_prefixlen = network.prefix;
  header->ifa_index = address.index;
  header->ifa_flags = network.address.family == Family::ipv6 ? IFA_F_NODAD : 0;
  put_address(message, IFA_LOCAL, network.address);
  put_address(message, IFA_ADDRESS, network.address);
  return requests_.talk(message);
}

int RouteNetlink::bring_up(unsigned index, const Network& hub, unsigned mtu) {
  std::vector<LinkNetwork> found;
  int error = addresses(found);
  bool present = false;
  for (const auto& address : found) {
    if (error != 0 || address.index != index) continue;
    present |= address.network == hub;
    const bool is_foreign = address.network != hub && !is_link_local(address.network.address);
    if (is_foreign) error = change_address(RTM_DELADDR, 0, address);
  }
  if (error == 0 && !present) error = change_address(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, {index, hub});
  if (error != 0) return error;
  const auto [message, header] = requests_.start<ifinfomsg>(RTM_NEWLINK, 0);
  header->ifi_index = static_cast<int>(index);
  header->ifi_flags = IFF_UP;
  header->ifi_change = IFF_UP;
  mnl_attr_put_u32(message, IFLA_MTU, mtu);
  return requests_.talk(message);
}

}  // namespace wghub
