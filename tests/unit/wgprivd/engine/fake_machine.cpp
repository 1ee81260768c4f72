#include "tests/unit/wgprivd/engine/fake_machine.h"

#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <linux/wireguard.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/secret_key.h"

namespace wghub::test {
namespace {

constexpr int kFamily = 0x1d;
constexpr std::size_t kPeersAMessage = 150;

/// One message under construction.
class Message {
 public:
  Message(int type, unsigned flags, const nlmsghdr* request) : header_(mnl_nlmsg_put_header(bytes_.data())) {
    header_->nlmsg_type = static_cast<std::uint16_t>(type);
    header_->nlmsg_flags = static_cast<std::uint16_t>(flags);
    header_->nlmsg_seq = request->nlmsg_seq;
  }
  template <class Header>
  Header* put() {
    return static_cast<Header*>(mnl_nlmsg_put_extra_header(header_, sizeof(Header)));
  }
  nlmsghdr* operator*() { return header_; }
  Datagram sent() const { return {std::string(bytes_.data(), header_->nlmsg_len), 0}; }

 private:
  alignas(nlmsghdr) std::array<char, 32768> bytes_{};
  nlmsghdr* header_;
};

Datagram acknowledged(const nlmsghdr* request, int error) {
  Message message(NLMSG_ERROR, 0, request);
  message.put<nlmsgerr>()->error = -error;
  return message.sent();
}

Datagram dump_end(const nlmsghdr* request) {
  Message message(NLMSG_DONE, NLM_F_MULTI, request);
  *message.put<int>() = 0;
  return message.sent();
}

void put_network(nlmsghdr* message, const Network& network) {
  auto* entry = mnl_attr_nest_start(message, 0);
  mnl_attr_put_u16(message, WGALLOWEDIP_A_FAMILY, static_cast<std::uint16_t>(system_family_of(network.address)));
  put_address(message, WGALLOWEDIP_A_IPADDR, network.address);
  mnl_attr_put_u8(message, WGALLOWEDIP_A_CIDR_MASK, network.prefix);
  mnl_attr_nest_end(message, entry);
}

void put_peer(nlmsghdr* message, const FakePeer& peer) {
  auto* entry = mnl_attr_nest_start(message, 0);
  mnl_attr_put(message, WGPEER_A_PUBLIC_KEY, peer.key.bytes.size(), peer.key.bytes.data());
  const std::int64_t handshake[2] = {1'700'000'000, 0};
  mnl_attr_put(message, WGPEER_A_LAST_HANDSHAKE_TIME, sizeof handshake, handshake);
  mnl_attr_put_u64(message, WGPEER_A_RX_BYTES, 5);
  mnl_attr_put_u64(message, WGPEER_A_TX_BYTES, 6);
  auto* list = mnl_attr_nest_start(message, WGPEER_A_ALLOWEDIPS);
  for (const auto& allowed : peer.allowed) put_network(message, allowed);
  mnl_attr_nest_end(message, list);
  mnl_attr_nest_end(message, entry);
}

}  // namespace

FakePeer* FakeLink::find(const PublicKey& wanted) {
  const auto found = std::ranges::find(peers, wanted, &FakePeer::key);
  return found == peers.end() ? nullptr : &*found;
}

int FakeLink::give(const PublicKey& to, const Network& allowed) {
  int lost = 0;
  for (auto& peer : peers)
    if (peer.key != to) lost += static_cast<int>(std::erase(peer.allowed, allowed));
  auto* peer = find(to);
  if (peer == nullptr) peer = &peers.emplace_back(FakePeer{to, {}});
  if (std::ranges::find(peer->allowed, allowed) == peer->allowed.end()) peer->allowed.push_back(allowed);
  return lost;
}

void FakeMachine::replace_link(std::optional<FakeLink> other) {
  link = std::move(other);
  if (link) link->index = ++last_index_;
  tell_news();
}

std::deque<Datagram> FakeMachine::answer(int protocol, const nlmsghdr* request) {
  if (protocol == NETLINK_ROUTE) return answer_route(request);
  if (request->nlmsg_type == kFamily) return answer_wireguard(request);
  Message message(GENL_ID_CTRL, 0, request);
  message.put<genlmsghdr>()->cmd = CTRL_CMD_NEWFAMILY;
  mnl_attr_put_u16(*message, CTRL_ATTR_FAMILY_ID, kFamily);
  return {message.sent(), acknowledged(request, 0)};
}

std::deque<Datagram> FakeMachine::answer_wireguard(const nlmsghdr* request) {
  const auto* header = static_cast<const genlmsghdr*>(mnl_nlmsg_get_payload(request));
  const bool is_dump = header->cmd == WG_CMD_GET_DEVICE;
  const auto index = Attributes(request, sizeof *header).value<unsigned>(WGDEVICE_A_IFINDEX);
  if (is_dump) ++dumps;
  std::deque<Datagram> answer;
  if (!link || link->index != index)
    answer = {acknowledged(request, ENODEV)};
  else if (!link->is_wireguard)
    answer = {acknowledged(request, EOPNOTSUPP)};
  else if (is_dump)
    answer = dump_peers(request);
  else
    return {acknowledged(request, set_device(request))};
  if (is_dump && bend) bend(answer, dumps);
  return answer;
}

// The device's own attributes stand in the first message alone, as the kernel has it.
std::deque<Datagram> FakeMachine::dump_peers(const nlmsghdr* request) {
  std::deque<Datagram> answer;
  std::size_t next = 0;
  do {
    Message message(kFamily, NLM_F_MULTI, request);
    message.put<genlmsghdr>()->cmd = WG_CMD_GET_DEVICE;
    if (next == 0 && link->key != PublicKey())
      mnl_attr_put(*message, WGDEVICE_A_PUBLIC_KEY, link->key.bytes.size(), link->key.bytes.data());
    if (next == 0) mnl_attr_put_u16(*message, WGDEVICE_A_LISTEN_PORT, link->port);
    auto* list = mnl_attr_nest_start(*message, WGDEVICE_A_PEERS);
    const auto end = std::min(link->peers.size(), next + kPeersAMessage);
    for (; next < end; ++next) put_peer(*message, link->peers[next]);
    mnl_attr_nest_end(*message, list);
    answer.push_back(message.sent());
  } while (next < link->peers.size());
  answer.push_back(dump_end(request));
  return answer;
}

int FakeMachine::set_device(const nlmsghdr* request) {
  const Attributes device(request, sizeof(genlmsghdr));
  SecretKey private_key;
  private_key.bytes = device.value<std::array<std::uint8_t, 32>>(WGDEVICE_A_PRIVATE_KEY);
  if (private_key.bytes != std::array<std::uint8_t, 32>{}) {
    link->key = public_key_of(private_key).value_or(PublicKey());
    link->port = device.value<std::uint16_t>(WGDEVICE_A_LISTEN_PORT);
  }
  if (set_error != 0) return set_error;
  device.for_each(WGDEVICE_A_PEERS, [this](const Attributes& entry) { set_peer(entry); });
  return 0;
}

void FakeMachine::set_peer(const Attributes& attributes) {
  const auto key = attributes.value<PublicKey>(WGPEER_A_PUBLIC_KEY);
  const auto flags = attributes.value<std::uint32_t>(WGPEER_A_FLAGS);
  if ((flags & WGPEER_F_REMOVE_ME) != 0) {
    std::erase_if(link->peers, [&key](const FakePeer& peer) { return peer.key == key; });
    return;
  }
  if (link->find(key) == nullptr) link->peers.push_back({key, {}});
  if ((flags & WGPEER_F_REPLACE_ALLOWEDIPS) != 0) link->find(key)->allowed.clear();
  attributes.for_each(WGPEER_A_ALLOWEDIPS, [&](const Attributes& allowed) {
    const auto family = allowed.value<std::uint16_t>(WGALLOWEDIP_A_FAMILY);
    const auto prefix = allowed.value<std::uint8_t>(WGALLOWEDIP_A_CIDR_MASK);
    moved += link->give(key, {allowed.address(family, WGALLOWEDIP_A_IPADDR), prefix});
  });
}

std::deque<Datagram> FakeMachine::answer_route(const nlmsghdr* request) {
  const auto type = request->nlmsg_type;
  if (type == RTM_GETADDR) return dump_addresses(request);
  if (type == RTM_GETROUTE) return {dump_end(request)};
  if (type == RTM_NEWLINK) return {acknowledged(request, change_link(request))};
  if (type == RTM_NEWADDR || type == RTM_DELADDR) return {acknowledged(request, change_address(request))};
  if (!link) return {acknowledged(request, ENODEV)};
  Message message(RTM_NEWLINK, 0, request);
  auto* header = message.put<ifinfomsg>();
  header->ifi_index = static_cast<int>(link->index);
  header->ifi_flags = link->up ? IFF_UP : 0;
  mnl_attr_put_u32(*message, IFLA_MTU, link->mtu);
  return {message.sent(), acknowledged(request, 0)};
}

std::deque<Datagram> FakeMachine::dump_addresses(const nlmsghdr* request) const {
  std::deque<Datagram> answer;
  const auto put = [&](unsigned index, const Network& network) {
    Message message(RTM_NEWADDR, NLM_F_MULTI, request);
    auto* header = message.put<ifaddrmsg>();
    header->ifa_family = static_cast<std::uint8_t>(system_family_of(network.address));
    header->ifa_prefixlen = network.prefix;
    header->ifa_index = index;
    put_address(*message, IFA_LOCAL, network.address);
    answer.push_back(message.sent());
  };
  for (const auto& network : other_networks) put(2, network);
  if (link)
    for (const auto& network : link->addresses) put(link->index, network);
  answer.push_back(dump_end(request));
  return answer;
}

int FakeMachine::change_link(const nlmsghdr* request) {
  const auto* header = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(request));
  const Attributes attributes(request, sizeof *header);
  if ((request->nlmsg_flags & NLM_F_CREATE) != 0) {
    if (link) return EEXIST;
    replace_link(FakeLink{});
    return 0;
  }
  if (!link || static_cast<int>(link->index) != header->ifi_index) return ENODEV;
  link->up = (header->ifi_flags & IFF_UP) != 0;
  link->mtu = attributes.value<unsigned>(IFLA_MTU);
  return 0;
}

int FakeMachine::change_address(const nlmsghdr* request) {
  const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(request));
  if (!link || link->index != header->ifa_index) return ENODEV;
  const Network network{Attributes(request, sizeof *header).address(header->ifa_family, IFA_LOCAL),
                        header->ifa_prefixlen};
  std::erase(link->addresses, network);
  if (request->nlmsg_type == RTM_NEWADDR) link->addresses.push_back(network);
  return 0;
}

}  // namespace wghub::test
