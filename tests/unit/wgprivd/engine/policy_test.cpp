#include "wgprivd/engine/policy.h"

#include <vector>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

EnginePolicy policy_of(const char* text, std::uint16_t port = 51820, std::uint32_t mtu = 1420) {
  const auto network = parse_network(text);
  REQUIRE(network);
  EnginePolicy policy{.prefix = network->prefix, .port = port, .mtu = mtu};
  policy.network = network->address.bytes;
  policy.family = static_cast<std::uint8_t>(network->address.family);
  return policy;
}

EngineAddresses addresses_of(const char* ipv4, const char* ipv6 = nullptr) {
  EngineAddresses addresses;
  if (ipv4 != nullptr) {
    const auto address = parse_address(ipv4);
    std::copy_n(address->bytes.begin(), 4, addresses.ipv4.begin());
  }
  if (ipv6 != nullptr) addresses.ipv6 = parse_address(ipv6)->bytes;
  return addresses;
}

PublicKey key_of(std::uint8_t first) {
  PublicKey key;
  key.bytes.fill(9);
  key.bytes[0] = first;
  return key;
}

}  // namespace

TEST_CASE("PolicyAcceptsPrivateNetworksOf2To16HostBits") {
  for (const auto* text : {"10.0.0.0/16", "10.1.2.0/24", "172.16.4.0/22", "192.168.0.0/16", "100.64.0.0/16",
                           "10.0.0.4/30", "fd00:1:2:3::/112", "fd00::4:0/126"}) {
    INFO(text);
    CHECK(check_form(policy_of(text)) == EngineOutcome::done);
  }
}

TEST_CASE("PolicyRefusesOtherNetworks") {
  for (const auto* text :
       {"10.0.0.0/15", "10.0.0.0/31", "10.0.0.1/24", "8.8.8.0/24", "172.32.0.0/16", "0.0.0.0/0", "100.128.0.0/16",
        "192.169.0.0/16", "127.0.0.0/16", "2001:db8::/112", "fd00::/64", "fd00::1/112", "::/112"}) {
    INFO(text);
    CHECK(check_form(policy_of(text)) == EngineOutcome::network_not_allowed);
  }
}

TEST_CASE("PolicyRefusesOddPortsMtusFamiliesAndTrailingBytes") {
  constexpr auto refused = EngineOutcome::network_not_allowed;
  CHECK(check_form(policy_of("10.0.0.0/24", 0)) == refused);
  CHECK(check_form(policy_of("10.0.0.0/24", 1)) == EngineOutcome::done);
  for (const std::uint32_t mtu : {0U, 1279U, 1501U, 0xffffffffU}) {
    CHECK(check_form(policy_of("10.0.0.0/24", 1, mtu)) == refused);
  }
  auto policy = policy_of("10.0.0.0/24");
  policy.family = 5;
  CHECK(check_form(policy) == refused);
  policy = policy_of("10.0.0.0/24");
  policy.network[15] = 1;
  CHECK(check_form(policy) == refused);
  policy = policy_of("10.0.0.0/24");
  policy.prefix = 255;
  CHECK(check_form(policy) == refused);
}

TEST_CASE("PolicyRefusesOverlapEitherWayButNotWithADefaultRoute") {
  const auto policy = policy_of("10.20.0.0/16");
  const auto with = [&policy](const char* text) { return check_overlap(policy, std::vector{*parse_network(text)}); };
  CHECK(with("10.20.3.4/32") == EngineOutcome::network_overlap);
  CHECK(with("10.20.3.4/24") == EngineOutcome::network_overlap);
  CHECK(with("10.0.0.0/8") == EngineOutcome::network_overlap);
  CHECK(with("0.0.0.0/1") == EngineOutcome::network_overlap);
  CHECK(with("0.0.0.0/0") == EngineOutcome::done);
  CHECK(with("10.21.0.0/16") == EngineOutcome::done);
  CHECK(with("::/0") == EngineOutcome::done);
  CHECK(with("::/1") == EngineOutcome::done);
}

TEST_CASE("PolicyRefusesUnusableKeysAndTheHubsOwn") {
  PublicKey high = key_of(1);
  high.bytes[31] |= 0x80;
  CHECK(check_key(key_of(1), key_of(2)) == EngineOutcome::done);
  CHECK(check_key(key_of(2), key_of(2)) == EngineOutcome::hub_key);
  CHECK(check_key({}, key_of(2)) == EngineOutcome::invalid_key);
  CHECK(check_key(high, key_of(2)) == EngineOutcome::invalid_key);
}

TEST_CASE("PolicyAllowsOnlyHostAddressesOfItsNetwork") {
  const auto policy = policy_of("10.0.1.0/24");
  const auto check = [&policy](const char* ipv4, const char* ipv6 = nullptr) {
    return check_addresses(policy, addresses_of(ipv4, ipv6));
  };
  CHECK(check("10.0.1.2") == EngineOutcome::done);
  CHECK(check("10.0.1.254") == EngineOutcome::done);
  CHECK(check("10.0.1.0") == EngineOutcome::address_reserved);
  CHECK(check("10.0.1.1") == EngineOutcome::address_reserved);
  CHECK(check("10.0.1.255") == EngineOutcome::address_reserved);
  CHECK(check("10.0.2.2") == EngineOutcome::address_outside);
  CHECK(check("1.1.1.1") == EngineOutcome::address_outside);
  CHECK(check("10.0.1.2", "fd00::2") == EngineOutcome::address_outside);
  CHECK(check(nullptr, "fd00::2") == EngineOutcome::address_outside);
  CHECK(check(nullptr) == EngineOutcome::malformed);
}

TEST_CASE("PolicyRefusesAHeldAddressUnlessItsHolderIsReplaced") {
  Mirror mirror;
  const auto held = addresses_of("10.0.1.2");
  const auto free = addresses_of("10.0.1.3");
  const auto a = key_of(1);
  const auto b = key_of(2);
  const auto c = key_of(3);
  mirror.apply({PeerChange::Kind::set, a, held});
  CHECK(check_holders(mirror, {}, b, free, nullptr) == EngineOutcome::done);
  CHECK(check_holders(mirror, {}, a, held, nullptr) == EngineOutcome::done);
  CHECK(check_holders(mirror, {}, a, free, nullptr) == EngineOutcome::done);
  CHECK(check_holders(mirror, {}, b, held, nullptr) == EngineOutcome::address_held);
  CHECK(check_holders(mirror, {}, b, held, &a) == EngineOutcome::done);
  CHECK(check_holders(mirror, {}, b, held, &c) == EngineOutcome::replaces_mismatch);
  CHECK(check_holders(mirror, {}, b, free, &a) == EngineOutcome::replaces_mismatch);
  CHECK(check_holders(mirror, {}, a, held, &a) == EngineOutcome::replaces_mismatch);
  // The replaced peer is gone already: the call was repeated, or the interface was made anew.
  CHECK(check_holders(mirror, {}, a, held, &c) == EngineOutcome::done);
  CHECK(check_holders(mirror, {}, b, free, &c) == EngineOutcome::done);
}

TEST_CASE("PolicyKnowsAddressesThatSomebodySetByHand") {
  Mirror mirror;
  Dump device;
  EnginePeer peer;
  peer.key = key_of(1).bytes;
  device.peers.push_back(peer);
  for (const auto* text : {"10.0.1.2/32", "10.0.1.9/32", "10.0.0.0/8", "fd00::2/128", "fd00::/64"}) {
    device.add_allowed_ip(*parse_network(text));
  }
  CHECK(device.peers[0].flags == EnginePeer::kOtherAddresses);
  CHECK(to_string(device.peers[0].addresses.ipv4 == addresses_of("10.0.1.2").ipv4 ? addresses_of("10.0.1.2")
                                                                                  : EngineAddresses{}) == "10.0.1.2");
  REQUIRE(device.extra_hosts.size() == 1);
  mirror.load(device);
  CHECK(check_holders(mirror, {}, key_of(2), addresses_of("10.0.1.9"), nullptr) == EngineOutcome::address_held);
  CHECK_FALSE(mirror.shows(key_of(1), device.peers[0].addresses));
  mirror.apply({PeerChange::Kind::set, key_of(1), addresses_of("10.0.1.2")});
  CHECK(check_holders(mirror, {}, key_of(2), addresses_of("10.0.1.9"), nullptr) == EngineOutcome::done);
  mirror.apply({PeerChange::Kind::remove, key_of(1), {}});
  CHECK(check_holders(mirror, {}, key_of(2), addresses_of("10.0.1.2"), nullptr) == EngineOutcome::done);
}

TEST_CASE("PolicyLeavesAPresentPeerItsAddressWhateverItWasGivenByHand") {
  Mirror mirror;
  PeerBook noted;
  noted.insert_or_assign(key_of(1), addresses_of("10.0.1.2"));
  CHECK(check_holders(mirror, noted, key_of(2), addresses_of("10.0.1.2"), nullptr) == EngineOutcome::done);
  mirror.apply({PeerChange::Kind::set, key_of(1), addresses_of("10.0.1.9")});
  CHECK(check_holders(mirror, noted, key_of(2), addresses_of("10.0.1.2"), nullptr) == EngineOutcome::address_held);
  CHECK(check_holders(mirror, noted, key_of(2), addresses_of("10.0.1.9"), nullptr) == EngineOutcome::address_held);
  CHECK(check_holders(mirror, noted, key_of(1), addresses_of("10.0.1.2"), nullptr) == EngineOutcome::done);
}
