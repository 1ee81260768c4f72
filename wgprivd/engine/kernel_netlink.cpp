#include "wgprivd/engine/kernel_netlink.h"

#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::size_t kPeerBytes = 160;  // an entry of a set message, with room to spare

void start(NetlinkMessage& message, std::uint16_t family, std::uint8_t command, unsigned flags) {
  auto* header = message.start<genlmsghdr>(family, flags);
  header->cmd = command;
  header->version = WG_GENL_VERSION;
}

void put_allowed_ips(nlmsghdr* message, const EngineAddresses& addresses) {
  auto* list = mnl_attr_nest_start(message, WGPEER_A_ALLOWEDIPS);
  for (const auto& host : hosts_of(addresses)) {
    if (!host) continue;
    auto* entry = mnl_attr_nest_start(message, 0);
    mnl_attr_put_u16(message, WGALLOWEDIP_A_FAMILY, static_cast<std::uint16_t>(system_family_of(host)));
    put_address(message, WGALLOWEDIP_A_IPADDR, host);
    mnl_attr_put_u8(message, WGALLOWEDIP_A_CIDR_MASK, bits_of(host.family));
    mnl_attr_nest_end(message, entry);
  }
  mnl_attr_nest_end(message, list);
}

void put_peer(nlmsghdr* message, const PeerChange& change) {
  auto* entry = mnl_attr_nest_start(message, 0);
  mnl_attr_put(message, WGPEER_A_PUBLIC_KEY, change.key.bytes.size(), change.key.bytes.data());
  std::uint32_t flags = 0;
  if (change.kind == PeerChange::Kind::remove) flags = WGPEER_F_REMOVE_ME;
  if (change.kind == PeerChange::Kind::set) flags = WGPEER_F_REPLACE_ALLOWEDIPS;
  mnl_attr_put_u32(message, WGPEER_A_FLAGS, flags);
  if (change.kind != PeerChange::Kind::remove) put_allowed_ips(message, change.addresses);
  mnl_attr_nest_end(message, entry);
}

void read_endpoint(const nlattr* attribute, EnginePeer& peer) {
  const auto family = value_of<sa_family_t>(attribute);
  if (family == AF_INET) {
    const auto address = value_of<sockaddr_in>(attribute);
    std::memcpy(peer.endpoint.data(), &address.sin_addr, sizeof address.sin_addr);
    peer.endpoint_family = 4;
    peer.endpoint_port = ntohs(address.sin_port);
  } else if (family == AF_INET6) {
    const auto address = value_of<sockaddr_in6>(attribute);
    std::memcpy(peer.endpoint.data(), &address.sin6_addr, sizeof address.sin6_addr);
    peer.endpoint_family = 6;
    peer.endpoint_port = ntohs(address.sin6_port);
  }
}

// A peer whose allowed IPs did not fit goes on in the next message, under the same key and with nothing else.
void read_peer(const nlattr* entry, DeviceState& state) {
  struct Seconds {
    std::int64_t seconds;
    std::int64_t nanoseconds;
  };
  const auto attributes = attributes_of(entry);
  const auto key = value_of<std::array<std::uint8_t, 32>>(attributes[WGPEER_A_PUBLIC_KEY]);
  if (state.peers.empty() || state.peers.back().key != key) {
    EnginePeer peer;
    peer.key = key;
    read_endpoint(attributes[WGPEER_A_ENDPOINT], peer);
    peer.last_handshake = value_of<Seconds>(attributes[WGPEER_A_LAST_HANDSHAKE_TIME]).seconds;
    peer.received_bytes = value_of<std::uint64_t>(attributes[WGPEER_A_RX_BYTES]);
    peer.sent_bytes = value_of<std::uint64_t>(attributes[WGPEER_A_TX_BYTES]);
    state.peers.push_back(peer);
  }
  for_each_nested(attributes[WGPEER_A_ALLOWEDIPS], [&state](const nlattr* allowed) {
    const auto parts = attributes_of(allowed);
    const auto family = value_of<std::uint16_t>(parts[WGALLOWEDIP_A_FAMILY]);
    const auto prefix = value_of<std::uint8_t>(parts[WGALLOWEDIP_A_CIDR_MASK]);
    state.add_allowed_ip({address_of(family, parts[WGALLOWEDIP_A_IPADDR]), prefix});
  });
}

}  // namespace

KernelBackend::KernelBackend(RouteNetlink& route) : route_(route), socket_(NETLINK_GENERIC) {
  NetlinkMessage message;
  auto* header = message.start<genlmsghdr>(GENL_ID_CTRL, 0);
  header->cmd = CTRL_CMD_GETFAMILY;
  header->version = 1;
  mnl_attr_put_strz(message.get(), CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
  socket_.request(message.get(), [this](const nlmsghdr* answer) {
    family_ = value_of<std::uint16_t>(attributes_of(answer, sizeof(genlmsghdr))[CTRL_ATTR_FAMILY_ID]);
  });
}

BackendOutcome KernelBackend::outcome_of(int error, const char* what) const {
  if (error == 0) return BackendOutcome::done;
  if (error == EINTR) return BackendOutcome::interrupted;
  if (error == ENODEV || error == EOPNOTSUPP) return BackendOutcome::no_device;
  log::error("the kernel refused", {{"call", what}, {"errno", std::int64_t{error}}});
  return BackendOutcome::failed;
}

BackendOutcome KernelBackend::create(const std::string& interface) {
  return outcome_of(route_.create(interface, "wireguard"), "create");
}

BackendOutcome KernelBackend::set_device(unsigned index, const SecretKey& private_key, std::uint16_t port) {
  NetlinkMessage message;
  start(message, family_, WG_CMD_SET_DEVICE, 0);
  mnl_attr_put_u32(message.get(), WGDEVICE_A_IFINDEX, index);
  mnl_attr_put(message.get(), WGDEVICE_A_PRIVATE_KEY, private_key.bytes.size(), private_key.bytes.data());
  mnl_attr_put_u16(message.get(), WGDEVICE_A_LISTEN_PORT, port);
  return outcome_of(socket_.request(message.get()), "set device");
}

BackendOutcome KernelBackend::set_peers(unsigned index, std::span<const PeerChange> changes) {
  NetlinkMessage message(1024 + changes.size() * kPeerBytes);
  start(message, family_, WG_CMD_SET_DEVICE, 0);
  mnl_attr_put_u32(message.get(), WGDEVICE_A_IFINDEX, index);
  auto* peers = mnl_attr_nest_start(message.get(), WGDEVICE_A_PEERS);
  for (const auto& change : changes) put_peer(message.get(), change);
  mnl_attr_nest_end(message.get(), peers);
  return outcome_of(socket_.request(message.get()), "set peers");
}

BackendOutcome KernelBackend::dump(unsigned index, DeviceState& state) {
  state.clear();
  NetlinkMessage message;
  start(message, family_, WG_CMD_GET_DEVICE, NLM_F_DUMP);
  mnl_attr_put_u32(message.get(), WGDEVICE_A_IFINDEX, index);
  bool first = true;
  const int error = socket_.request(message.get(), [&](const nlmsghdr* answer) {
    const auto attributes = attributes_of(answer, sizeof(genlmsghdr));
    if (std::exchange(first, false)) {
      state.key = value_of<PublicKey>(attributes[WGDEVICE_A_PUBLIC_KEY]);
      state.port = value_of<std::uint16_t>(attributes[WGDEVICE_A_LISTEN_PORT]);
    }
    for_each_nested(attributes[WGDEVICE_A_PEERS], [&state](const nlattr* entry) { read_peer(entry, state); });
  });
  socket_.wipe();  // the first message held the private key
  return outcome_of(error, "dump");
}

}  // namespace wghub
