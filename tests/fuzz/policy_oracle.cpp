#include "tests/fuzz/policy_oracle.h"

#include <sodium.h>

#include <algorithm>

namespace wghub::fuzz {
namespace {

using enum EngineOutcome;

template <class Array>
Number number_of(const Array& bytes, std::size_t count) {
  Number number = 0;
  for (std::size_t i = 0; i < count; ++i) number = number * 256 + bytes[i];
  return number;
}

Range range_of(int family, Number address, int prefix) {
  const int bits = family == 4 ? 32 : 128;
  const int host_bits = std::clamp(bits - prefix, 0, bits);
  const Number size = host_bits == 128 ? 0 : Number{1} << host_bits;
  const Number first = host_bits == 128 ? 0 : address / size * size;
  return {family, first, first + size - 1};
}

Range range_of(const EnginePolicy& policy) {
  return range_of(policy.family, number_of(policy.network, policy.family == 4 ? 4 : 16), policy.prefix);
}

Range range_of(const Network& network) {
  const bool is_ipv4 = network.address.family == Family::ipv4;
  return range_of(is_ipv4 ? 4 : 6, number_of(network.address.bytes, is_ipv4 ? 4 : 16), network.prefix);
}

bool lies_in(const Range& inner, const Range& outer) {
  return inner.family == outer.family && inner.first >= outer.first && inner.last <= outer.last;
}

// 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7.
bool is_in_private_space(const Range& range) {
  const Range spaces[] = {{4, 0x0a000000, 0x0affffff},
                          {4, 0xac100000, 0xac1fffff},
                          {4, 0xc0a80000, 0xc0a8ffff},
                          {4, 0x64400000, 0x647fffff},
                          {6, Number{0xfc} << 120, (Number{0xfe} << 120) - 1}};
  return std::ranges::any_of(spaces, [&range](const Range& space) { return lies_in(range, space); });
}

/// The addresses that a request names, as numbers with their family.
std::vector<Range> hosts(const EngineAddresses& addresses) {
  std::vector<Range> found;
  if (const auto ipv4 = number_of(addresses.ipv4, 4); ipv4 != 0) found.push_back({4, ipv4, ipv4});
  if (const auto ipv6 = number_of(addresses.ipv6, 16); ipv6 != 0) found.push_back({6, ipv6, ipv6});
  return found;
}

std::set<Network> networks(const EngineAddresses& addresses) {
  std::set<Network> found;
  if (number_of(addresses.ipv4, 4) != 0) found.insert({wghub::to_address(addresses.ipv4), 32});
  if (number_of(addresses.ipv6, 16) != 0) found.insert({wghub::to_address(addresses.ipv6), 128});
  return found;
}

// Below 2^255 - 19, and a multiplication with any scalar (a multiple of 8) does not give zero.
bool is_good_key(const std::array<std::uint8_t, 32>& key) {
  const bool all_ones = std::all_of(key.begin() + 1, key.end() - 1, [](auto byte) { return byte == 0xff; });
  if (key[31] > 0x7f || (key[31] == 0x7f && all_ones && key[0] >= 0xed)) return false;
  const std::array<std::uint8_t, 32> scalar = {8, 1, 1};
  std::array<std::uint8_t, 32> product{};
  return crypto_scalarmult(product.data(), scalar.data(), key.data()) == 0;
}

bool is_known_shape(const EngineRequest& request) {
  const auto operation = static_cast<std::uint32_t>(request.operation);
  const std::uint32_t flags = request.operation == EngineOperation::add_peer ? 3 : 0;
  return request.version == 1 && operation >= 1 && operation <= 6 && (request.flags | flags) == flags &&
         request.reserved == 0;
}

}  // namespace

bool is_allowed(const EnginePolicy& policy) {
  const bool is_ipv4 = policy.family == 4;
  if (!is_ipv4 && policy.family != 6) return false;
  const int bits = is_ipv4 ? 32 : 128;
  const auto address = number_of(policy.network, is_ipv4 ? 4 : 16);
  const auto range = range_of(policy);
  const bool nothing_behind =
      std::all_of(policy.network.begin() + bits / 8, policy.network.end(), [](auto byte) { return byte == 0; });
  return nothing_behind && policy.prefix >= bits - 16 && policy.prefix <= bits - 2 && range.first == address &&
         is_in_private_space(range) && policy.port > 0 && policy.mtu >= 1280 && policy.mtu <= 1500;
}

Reasons Oracle::reasons(const EngineRequest& request) const {
  if (!is_known_shape(request)) return {malformed};
  switch (request.operation) {
    case EngineOperation::generate_key:
      return hub_key ? Reasons{key_exists} : Reasons{};
    case EngineOperation::configure:
      return of_configure(request.policy);
    case EngineOperation::add_peer:
      return of_add(request);
    case EngineOperation::remove_peer:
      return ours ? Reasons{} : Reasons{interface_missing};
    case EngineOperation::status:
      if (request.cursor != 0) return {stale_snapshot};  // allowed, not demanded: who asks compares the snapshots
      return ours ? Reasons{} : Reasons{interface_missing};
    default:
      return {};
  }
}

Reasons Oracle::of_configure(const EnginePolicy& wanted) const {
  Reasons found;
  if (!hub_key) found.insert(key_missing);
  if (foreign) found.insert(interface_exists);
  if (policy && *policy == wanted) return found;
  if (policy && fixed) found.insert(policy_mismatch);
  if (!is_allowed(wanted)) found.insert(network_not_allowed);
  const auto range = range_of(wanted);
  for (const auto& network : host_networks) {
    const auto theirs = range_of(network);
    const bool meet = theirs.family == range.family && theirs.first <= range.last && range.first <= theirs.last;
    if (meet && network.prefix != 0) found.insert(network_overlap);
  }
  return found;
}

Reasons Oracle::of_add(const EngineRequest& request) const {
  Reasons found = of_addresses(request);
  found.merge(of_holders(request));
  if ((request.flags & EngineRequest::kHasPresharedKey) != 0) found.insert(preshared_key);
  if (!hub_key) found.insert(key_missing);
  if (!is_good_key(request.key)) found.insert(invalid_key);
  if (hub_key && hub_key->bytes == request.key) found.insert(EngineOutcome::hub_key);
  if (!ours) found.insert(interface_missing);
  return found;
}

Reasons Oracle::of_addresses(const EngineRequest& request) const {
  if (!policy) return {not_configured};
  Reasons found;
  const auto range = range_of(*policy);
  const auto named = hosts(request.addresses);
  if (named.empty()) found.insert(malformed);
  for (const auto& host : named) {
    if (!lies_in(host, range)) found.insert(address_outside);
    const bool is_broadcast = host.family == 4 && host.first == range.last;
    if (lies_in(host, range) && (host.first - range.first < 2 || is_broadcast)) found.insert(address_reserved);
  }
  return found;
}

// An address is one peer's; only who holds all of them can be replaced, and not by itself.
Reasons Oracle::of_holders(const EngineRequest& request) const {
  const PublicKey key{request.key};
  const PublicKey old{request.replaces};
  const bool replaces = (request.flags & EngineRequest::kHasReplaces) != 0;
  Reasons found;
  for (const auto& network : networks(request.addresses)) {
    std::optional<PublicKey> holder;
    for (const auto& [peer, allowed] : wg0)
      if (allowed.contains(network)) holder = peer;
    for (const auto& [peer, given] : noted)
      if (!holder && given.contains(network) && wg0.contains(peer)) holder = peer;
    const bool from_old = replaces && (wg0.contains(old) || old == key);
    const bool good = from_old ? holder == old && old != key : !holder || *holder == key;
    if (!good) found.insert(replaces ? replaces_mismatch : address_held);
  }
  return found;
}

bool Oracle::is_unchanged(const EngineRequest& request) const {
  const auto peer = wg0.find(PublicKey{request.key});
  if (request.operation == EngineOperation::remove_peer)
    return peer == wg0.end() && !noted.contains(PublicKey{request.key});
  const bool replaces = (request.flags & EngineRequest::kHasReplaces) != 0;
  return request.operation == EngineOperation::add_peer && peer != wg0.end() &&
         peer->second == networks(request.addresses) && !(replaces && wg0.contains(PublicKey{request.replaces}));
}

void Oracle::carry_out(const EngineRequest& request) {
  const PublicKey key{request.key};
  if (request.operation == EngineOperation::add_peer) {
    const bool replaces = (request.flags & EngineRequest::kHasReplaces) != 0;
    if (replaces) wg0.erase(PublicKey{request.replaces});
    if (replaces) noted.erase(PublicKey{request.replaces});
    wg0[key] = networks(request.addresses);
    const auto own = networks(request.addresses);
    std::erase_if(noted, [&own](const auto& peer) {
      return std::ranges::any_of(own, [&peer](const Network& network) { return peer.second.contains(network); });
    });
    noted[key] = own;
    fixed = true;
  }
  if (request.operation == EngineOperation::remove_peer) wg0.erase(key);
  if (request.operation == EngineOperation::remove_peer) noted.erase(key);
  if (request.operation == EngineOperation::configure) policy = request.policy;
}

}  // namespace wghub::fuzz
