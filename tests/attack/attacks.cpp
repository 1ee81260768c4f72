#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <map>
#include <stdexcept>

#include "common/address.h"
#include "common/key.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

using Key = std::array<std::uint8_t, 32>;

EngineRequest request_for(EngineOperation operation) {
  static std::uint64_t id = 1000;
  return {.operation = operation, .id = ++id};
}

Key random_key() {
  Key key;
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) throw std::runtime_error("getrandom");
  key[31] &= 0x3f;
  return key;
}

EngineRequest add_request(const Key& key, const std::string& address) {
  auto request = request_for(EngineOperation::add_peer);
  request.key = key;
  const auto parsed = parse_address(address);
  if (!parsed) throw std::logic_error("not an address: " + address);
  if (parsed->family == Family::ipv4) std::copy_n(parsed->bytes.begin(), 4, request.addresses.ipv4.begin());
  if (parsed->family == Family::ipv6) request.addresses.ipv6 = parsed->bytes;
  return request;
}

EngineRequest remove_request(const Key& key) {
  auto request = request_for(EngineOperation::remove_peer);
  request.key = key;
  return request;
}

EnginePolicy policy_of(const std::string& network, std::uint16_t port = 51820, std::uint32_t mtu = 1420) {
  const auto parsed = parse_network(network);
  if (!parsed) throw std::logic_error("not a network: " + network);
  return {parsed->address.bytes, static_cast<std::uint8_t>(parsed->address.family), parsed->prefix, port, mtu};
}

/// What the attacker can see, and what must be the same at the end.
struct View {
  EngineReply hello;
  std::map<Key, EngineAddresses> peers;
};

class Attacker {
 public:
  Attacker(Target& target, Report& report) : target_(target), report_(report) {}

  void run();

 private:
  EngineStatusPage must(const EngineRequest& request);
  View look();
  void attempt(const std::string& name, const EngineRequest& request) { report_.judge(name, target_.send(request)); }
  void attack_policy();
  void attack_keys();
  void attack_addresses();
  void attack_held_addresses();
  void attack_pages();
  std::string free_address() const;

  Target& target_;
  Report& report_;
  View before_;
  Network network_;
  Key own_ = random_key();
  std::string own_address_;
};

EngineStatusPage Attacker::must(const EngineRequest& request) {
  const auto answer = target_.send(request);
  if (!answer || answer->reply.outcome > EngineOutcome::unchanged)
    throw std::runtime_error("cannot prepare the attack");
  return *answer;
}

View Attacker::look() {
  View view{must(request_for(EngineOperation::hello)).reply, {}};
  auto request = request_for(EngineOperation::status);
  for (bool more = true; more;) {
    const auto page = must(request);
    for (unsigned i = 0; i < page.reply.peer_count; ++i) view.peers[page.peers[i].key] = page.peers[i].addresses;
    request = request_for(EngineOperation::status);
    request.snapshot = page.reply.snapshot;
    request.cursor = page.reply.next_cursor;
    more = (page.reply.flags & EngineReply::kLastPage) == 0;
  }
  return view;
}

std::string Attacker::free_address() const {
  for (auto number = to_number(last_address(network_)) - 1; number > to_number(first_host(network_)); --number) {
    const auto address = from_number(number);
    const bool held = std::any_of(before_.peers.begin(), before_.peers.end(), [&](const auto& peer) {
      return std::equal(address.bytes.begin(), address.bytes.begin() + 4, peer.second.ipv4.begin());
    });
    if (!held) return to_string(address);
  }
  throw std::runtime_error("cannot prepare the attack: no free address");
}

void Attacker::run() {
  const auto hello = must(request_for(EngineOperation::hello)).reply;
  if (hello.hub_key == Key{}) must(request_for(EngineOperation::generate_key));
  if (hello.policy.family != 4) {
    std::cout << "note: no policy yet, so only policies are tried\n";
    attack_policy();
    return;
  }
  network_ = {{Family::ipv4, hello.policy.network}, hello.policy.prefix};
  before_ = look();
  own_address_ = free_address();
  must(add_request(own_, own_address_));

  attack_policy();
  attempt("generate another hub key", request_for(EngineOperation::generate_key));
  attack_keys();
  attack_addresses();
  attack_held_addresses();
  attack_pages();

  must(remove_request(own_));
  const auto after = look();
  const bool same_hub = after.hello.hub_key == before_.hello.hub_key && after.hello.flags == before_.hello.flags &&
                        std::memcmp(&after.hello.policy, &before_.hello.policy, sizeof(EnginePolicy)) == 0;
  report_.judge("change the hub's key, policy or interface by all of the above", same_hub, "unchanged");
  const bool kept = std::all_of(before_.peers.begin(), before_.peers.end(), [&](const auto& peer) {
    const auto found = after.peers.find(peer.first);
    return found != after.peers.end() && std::memcmp(&found->second, &peer.second, sizeof(EngineAddresses)) == 0;
  });
  report_.judge("move another peer by all of the above", kept, "all peers as before");
}

void Attacker::attack_policy() {
  const std::vector<std::pair<std::string, EnginePolicy>> policies = {
      {"the whole of IPv4 as network", policy_of("0.0.0.0/0")},
      {"the whole of IPv6 as network", policy_of("::/0")},
      {"a public network", policy_of("8.8.8.0/24")},
      {"a network of documentation", policy_of("203.0.113.0/24")},
      {"loopback as network", policy_of("127.0.0.0/16")},
      {"link-local as network", policy_of("169.254.0.0/16")},
      {"multicast as network", policy_of("224.0.0.0/16")},
      {"a private /8", policy_of("10.0.0.0/8")},
      {"a private /15", policy_of("10.98.0.0/15")},
      {"a private /31", policy_of("10.98.7.0/31")},
      {"a private /32", policy_of("10.98.7.1/32")},
      {"a network with host bits", policy_of("10.98.7.1/24")},
      {"a network that straddles private space", policy_of("172.32.0.0/16")},
      {"a public IPv6 network", policy_of("2001:db8::/112")},
      {"port 0", policy_of("10.98.7.0/24", 0)},
      {"an MTU of 0", policy_of("10.98.7.0/24", 51820, 0)},
      {"an MTU of 4 GB", policy_of("10.98.7.0/24", 51820, 0xffffffff)},
  };
  for (const auto& [name, policy] : policies) {
    auto request = request_for(EngineOperation::configure);
    request.policy = policy;
    attempt("configure " + name, request);
  }
  auto unknown_family = request_for(EngineOperation::configure);
  unknown_family.policy = policy_of("10.98.7.0/24");
  unknown_family.policy.prefix = 255;
  attempt("configure a prefix of 255", unknown_family);
  if (own_address_.empty()) return;
  auto other = request_for(EngineOperation::configure);
  other.policy = policy_of(network_.address.bytes[0] == 10 ? "192.168.77.0/24" : "10.98.7.0/24");
  attempt("configure another network when there are peers", other);
  for (const bool port : {true, false}) {
    auto request = request_for(EngineOperation::configure);
    request.policy = before_.hello.policy;
    port ? ++request.policy.port : --request.policy.mtu;
    attempt(port ? "configure another port when there are peers" : "configure another MTU when there are peers",
            request);
  }
}

void Attacker::attack_keys() {
  Key prime;
  prime.fill(0xff);
  prime[31] = 0x7f;
  const auto with_low_byte = [&](std::uint8_t low) {
    Key key = prime;
    key[0] = low;
    return key;
  };
  // The encodings of order 4 and 8 besides 0, 1 and p - 1, p, p + 1.
  const Key order8a = {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
                       0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00};
  const Key order8b = {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
                       0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57};
  Key with_bit_255 = random_key();
  with_bit_255[31] |= 0x80;
  const std::vector<std::pair<std::string, Key>> keys = {
      {"zero", Key{}},
      {"one", Key{1}},
      {"of order 8 (first)", order8a},
      {"of order 8 (second)", order8b},
      {"p - 1", with_low_byte(0xec)},
      {"p", with_low_byte(0xed)},
      {"p + 1", with_low_byte(0xee)},
      {"2^255 - 1", with_low_byte(0xff)},
      {"with bit 255", with_bit_255},
      {"the hub's own", before_.hello.hub_key},
  };
  Key spare = own_;
  const auto address = own_address_;
  // The address must be free, or it would be the reason of the refusal.
  must(remove_request(spare));
  for (const auto& [name, key] : keys) attempt("add a key: " + name, add_request(key, address));
  auto preshared = add_request(random_key(), address);
  preshared.flags = EngineRequest::kHasPresharedKey;
  attempt("add a preshared key", preshared);
  must(add_request(own_, own_address_));
}

void Attacker::attack_addresses() {
  const auto outside = from_number(to_number(last_address(network_)) + 1);
  const std::vector<std::pair<std::string, std::string>> addresses = {
      {"a public address", "8.8.8.8"},
      {"loopback", "127.0.0.1"},
      {"the address behind the network", to_string(outside)},
      {"the address before the network", to_string(from_number(to_number(network_.address) - 1))},
      {"the limited broadcast", "255.255.255.255"},
      {"the hub's address", to_string(first_host(network_))},
      {"the network's address", to_string(network_.address)},
      {"the broadcast address", to_string(last_address(network_))},
      {"an IPv6 address", "fd00::2"},
      {"a mapped IPv6 address", "::ffff:10.0.0.2"},
  };
  for (const auto& [name, address] : addresses) attempt("add a peer with " + name, add_request(random_key(), address));
  for (const auto& [name, address] : addresses) attempt("move our peer to " + name, add_request(own_, address));
  attempt("add a peer without an address (so with any)", [] {
    auto request = request_for(EngineOperation::add_peer);
    request.key = random_key();
    return request;
  }());
  auto both = add_request(random_key(), "fd00::2");
  const auto good = add_request(own_, own_address_);
  both.addresses.ipv4 = good.addresses.ipv4;
  attempt("add a foreign IPv6 prefix beside an address", both);
}

void Attacker::attack_held_addresses() {
  attempt("take the address of a present peer", add_request(random_key(), own_address_));
  auto wrong = add_request(random_key(), own_address_);
  wrong.flags = EngineRequest::kHasReplaces;
  wrong.replaces = before_.hello.hub_key;
  attempt("take it by replacing the hub's key", wrong);
  wrong = add_request(random_key(), own_address_);
  wrong.flags = EngineRequest::kHasReplaces;
  wrong.replaces = random_key();
  attempt("take it by replacing a key that nobody has", wrong);
  wrong = add_request(own_, own_address_);
  wrong.flags = EngineRequest::kHasReplaces;
  wrong.replaces = own_;
  attempt("replace a peer by itself", wrong);
  for (const auto& [key, addresses] : before_.peers) {
    if (addresses.ipv4 == std::array<std::uint8_t, 4>{}) continue;
    auto steal = request_for(EngineOperation::add_peer);
    steal.key = random_key();
    steal.addresses.ipv4 = addresses.ipv4;
    attempt("take a spoke's address", steal);
    steal.key = own_;
    attempt("move our peer to a spoke's address", steal);
    steal.flags = EngineRequest::kHasReplaces;
    steal.replaces = own_;
    steal.key = random_key();
    attempt("take a spoke's address by replacing another peer", steal);
    break;
  }
}

void Attacker::attack_pages() {
  auto request = request_for(EngineOperation::status);
  const auto old = must(request).reply.snapshot;
  must(request_for(EngineOperation::status));
  request = request_for(EngineOperation::status);
  request.snapshot = old;
  request.cursor = 1;
  attempt("read a page of a replaced snapshot", request);
  request.snapshot = old + 1000;
  attempt("read a page of a snapshot that never was", request);
  request.snapshot = must(request_for(EngineOperation::status)).reply.snapshot;
  request.cursor = 0xffffffff;
  const auto page = target_.send(request);
  report_.judge("read behind the end of a snapshot", !page || page->reply.peer_count == 0, "no peers");
}

}  // namespace

void set_up(Target& target, const std::string& network) {
  target.send(request_for(EngineOperation::generate_key));
  auto request = request_for(EngineOperation::configure);
  request.policy = policy_of(network);
  const auto answer = target.send(request);
  if (!answer || answer->reply.outcome != EngineOutcome::done) throw std::runtime_error("cannot set the hub up");
}

void attack_with_calls(Target& target, Report& report) { Attacker(target, report).run(); }

}  // namespace wghub::attack
