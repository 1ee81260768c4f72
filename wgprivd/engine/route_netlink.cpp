#include "wgprivd/engine/route_netlink.h"

#include <net/if.h>

#include "common/log.h"

namespace wghub {
namespace {

constexpr int kAttempts = 3;

struct LinkNetwork {
  unsigned index = 0;
  Network network;
};

// A dump that the host's changes interrupted is taken again. What has no address is left out.
template <class Header>
int dump(NetlinkSocket& socket, int type, std::vector<LinkNetwork>& found,
         LinkNetwork (*read)(const Header&, const Attributes&)) {
  int error = EINTR;
  const auto before = found.size();
  for (int attempt = 0; attempt < kAttempts && error == EINTR; ++attempt) {
    found.resize(before);
    auto* message = socket.start<Header>(type, NLM_F_DUMP).first;
    error = socket.ask<Header>(message, [&found, read](const Header& header, const Attributes& attributes) {
      const auto entry = read(header, attributes);
      if (entry.network.address) found.push_back(entry);
    });
  }
  return error;
}

int dump_addresses(NetlinkSocket& socket, std::vector<LinkNetwork>& found) {
  return dump<ifaddrmsg>(socket, RTM_GETADDR, found, [](const ifaddrmsg& header, const Attributes& attributes) {
    const auto local = attributes.address(header.ifa_family, IFA_LOCAL);
    const auto address = local ? local : attributes.address(header.ifa_family, IFA_ADDRESS);
    return LinkNetwork{header.ifa_index, {address, header.ifa_prefixlen}};
  });
}

int dump_routes(NetlinkSocket& socket, std::vector<LinkNetwork>& found) {
  return dump<rtmsg>(socket, RTM_GETROUTE, found, [](const rtmsg& header, const Attributes& attributes) {
    const auto destination = attributes.address(header.rtm_family, RTA_DST);
    return LinkNetwork{attributes.value<unsigned>(RTA_OIF), {destination, header.rtm_dst_len}};
  });
}

int change_address(NetlinkSocket& socket, int type, unsigned flags, const LinkNetwork& address) {
  const auto& [host, prefix] = address.network;
  const auto [message, header] = socket.start<ifaddrmsg>(type, flags);
  header->ifa_family = static_cast<std::uint8_t>(system_family_of(host));
  header->ifa_prefixlen = prefix;
  header->ifa_index = address.index;
  header->ifa_flags = host.family == Family::ipv6 ? IFA_F_NODAD : 0;
  put_address(message, IFA_LOCAL, host);
  put_address(message, IFA_ADDRESS, host);
  return socket.talk(message);
}

}  // namespace

LinkState find_link(NetlinkSocket& socket, const std::string& interface, const std::optional<Network>& hub) {
  LinkState state;
  auto* message = socket.start<ifinfomsg>(RTM_GETLINK, 0).first;
  mnl_attr_put_strz(message, IFLA_IFNAME, interface.c_str());
  const int error = socket.ask<ifinfomsg>(message, [&state](const ifinfomsg& link, const Attributes& attributes) {
    state.index = static_cast<unsigned>(link.ifi_index);
    state.up = (link.ifi_flags & IFF_UP) != 0;
    state.mtu = attributes.value<unsigned>(IFLA_MTU);
  });
  if (error != 0 && error != ENODEV) log::error("the link cannot be read", {{"errno", std::int64_t{error}}});
  std::vector<LinkNetwork> found;
  if (state.index == 0 || !hub || dump_addresses(socket, found) != 0) return state;
  for (const auto& [index, network] : found) state.has_address |= index == state.index && network == *hub;
  return state;
}

std::optional<std::vector<Network>> host_networks(NetlinkSocket& socket, unsigned except_index) {
  std::vector<LinkNetwork> found;
  int error = dump_addresses(socket, found);
  if (error == 0) error = dump_routes(socket, found);
  if (error != 0) log::error("the host's networks cannot be read", {{"errno", std::int64_t{error}}});
  if (error != 0) return std::nullopt;
  std::vector<Network> networks;
  for (const auto& [index, network] : found)
    if (except_index == 0 || index != except_index) networks.push_back(network);
  return networks;
}

int create_link(NetlinkSocket& socket, const std::string& interface) {
  auto* message = socket.start<ifinfomsg>(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL).first;
  mnl_attr_put_strz(message, IFLA_IFNAME, interface.c_str());
  auto* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_strz(message, IFLA_INFO_KIND, "wireguard");
  mnl_attr_nest_end(message, info);
  return socket.talk(message);
}

int bring_link_up(NetlinkSocket& socket, unsigned index, const Network& hub, unsigned mtu) {
  std::vector<LinkNetwork> found;
  int error = dump_addresses(socket, found);
  bool present = false;
  for (const auto& address : found) {
    if (error != 0 || address.index != index) continue;
    present |= address.network == hub;
    const bool is_foreign = address.network != hub && !is_link_local(address.network.address);
    if (is_foreign) error = change_address(socket, RTM_DELADDR, 0, address);
  }
  if (error == 0 && !present) error = change_address(socket, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, {index, hub});
  if (error != 0) return error;
  const auto [message, header] = socket.start<ifinfomsg>(RTM_NEWLINK, 0);
  header->ifi_index = static_cast<int>(index);
  header->ifi_flags = header->ifi_change = IFF_UP;
  mnl_attr_put_u32(message, IFLA_MTU, mtu);
  return socket.talk(message);
}

}  // namespace wghub
