#include "wgprivd/engine/kernel_netlink.h"

#include <linux/genetlink.h>
#include <linux/wireguard.h>

#include "wgprivd/engine/netlink_socket.h"

namespace wghub {
namespace {

void put_peer(nlmsghdr* message, const PeerChange& change) {
  auto* entry = mnl_attr_nest_start(message, 0);
  mnl_attr_put(message, WGPEER_A_PUBLIC_KEY, change.key.bytes.size(), change.key.bytes.data());
  std::uint32_t flags = 0;
  if (change.kind == PeerChange::Kind::remove) flags = WGPEER_F_REMOVE_ME;
  if (change.kind == PeerChange::Kind::set) flags = WGPEER_F_REPLACE_ALLOWEDIPS;
  mnl_attr_put_u32(message, WGPEER_A_FLAGS, flags);
  auto* list = mnl_attr_nest_start(message, WGPEER_A_ALLOWEDIPS);
  for (const auto& host : hosts_of(change.addresses)) {
    if (!host) continue;
    auto* allowed = mnl_attr_nest_start(message, 0);
    mnl_attr_put_u16(message, WGALLOWEDIP_A_FAMILY, static_cast<std::uint16_t>(system_family_of(host)));
    put_address(message, WGALLOWEDIP_A_IPADDR, host);
    mnl_attr_put_u8(message, WGALLOWEDIP_A_CIDR_MASK, bits_of(host.family));
    mnl_attr_nest_end(message, allowed);
  }
  mnl_attr_nest_end(message, list);
  mnl_attr_nest_end(message, entry);
}

// A peer whose allowed IPs did not fit goes on in the next message, under the same key and with nothing else.
void read_peer(const Attributes& entry, Dump& dump) {
  const auto key = entry.value<PublicKey>(WGPEER_A_PUBLIC_KEY).bytes;
  if (dump.peers.empty() || dump.peers.back().key != key) {
    auto& peer = dump.peers.emplace_back(EnginePeer{.key = key});
    set_endpoint(peer, to_endpoint(entry.value<sockaddr_storage>(WGPEER_A_ENDPOINT)));
    peer.last_handshake = entry.value<std::int64_t>(WGPEER_A_LAST_HANDSHAKE_TIME);  // the seconds come first
    peer.received_bytes = entry.value<std::uint64_t>(WGPEER_A_RX_BYTES);
    peer.sent_bytes = entry.value<std::uint64_t>(WGPEER_A_TX_BYTES);
  }
  entry.for_each(WGPEER_A_ALLOWEDIPS, [&dump](const Attributes& allowed) {
    const auto family = allowed.value<std::uint16_t>(WGALLOWEDIP_A_FAMILY);
    const auto prefix = allowed.value<std::uint8_t>(WGALLOWEDIP_A_CIDR_MASK);
    dump.add_allowed_ip({allowed.address(family, WGALLOWEDIP_A_IPADDR), prefix});
  });
}

nlmsghdr* start(NetlinkSocket& socket, int family, int command, int version, unsigned flags) {
  const auto [message, header] = socket.start<genlmsghdr>(family, flags);
  header->cmd = static_cast<std::uint8_t>(command);
  header->version = static_cast<std::uint8_t>(version);
  return message;
}

class KernelBackend final : public Backend {
 public:
  KernelBackend() : socket_(NETLINK_GENERIC) {
    auto* message = start(socket_, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
    mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME);
    socket_.ask<genlmsghdr>(message, [this](const genlmsghdr&, const Attributes& answer) {
      family_ = answer.value<std::uint16_t>(CTRL_ATTR_FAMILY_ID);
    });
  }

  bool is_available() const { return family_ != 0; }

  EngineBackend kind() const override { return EngineBackend::kernel; }

  int set(unsigned index, const DeviceChange& change) override {
    auto* message = start(socket_, family_, WG_CMD_SET_DEVICE, WG_GENL_VERSION, 0);
    mnl_attr_put_u32(message, WGDEVICE_A_IFINDEX, index);
    if (change.private_key != nullptr) {
      mnl_attr_put(message, WGDEVICE_A_PRIVATE_KEY, sizeof change.private_key->bytes, change.private_key->bytes.data());
      mnl_attr_put_u16(message, WGDEVICE_A_LISTEN_PORT, change.port);
    }
    auto* peers = mnl_attr_nest_start(message, WGDEVICE_A_PEERS);
    for (const auto& peer : change.peers) put_peer(message, peer);
    mnl_attr_nest_end(message, peers);
    return socket_.talk(message);
  }

  int dump(unsigned index, Dump& dump) override {
    dump = {};
    auto* message = start(socket_, family_, WG_CMD_GET_DEVICE, WG_GENL_VERSION, NLM_F_DUMP);
    mnl_attr_put_u32(message, WGDEVICE_A_IFINDEX, index);
    bool first = true;
    const int error = socket_.ask<genlmsghdr>(message, [&](const genlmsghdr&, const Attributes& device) {
      if (std::exchange(first, false)) {
        dump.key = device.value<PublicKey>(WGDEVICE_A_PUBLIC_KEY);
        dump.port = device.value<std::uint16_t>(WGDEVICE_A_LISTEN_PORT);
      }
      device.for_each(WGDEVICE_A_PEERS, [&dump](const Attributes& entry) { read_peer(entry, dump); });
    });
    return error == EOPNOTSUPP ? ENODEV : error;  // not a WireGuard interface
  }

 private:
  NetlinkSocket socket_;
  std::uint16_t family_ = 0;
};

}  // namespace

std::unique_ptr<Backend> open_kernel() {
  auto backend = std::make_unique<KernelBackend>();
  return backend->is_available() ? std::move(backend) : nullptr;
}

}  // namespace wghub
