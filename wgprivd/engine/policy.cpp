#include "wgprivd/engine/policy.h"

#include <algorithm>

namespace wghub {
namespace {

using enum EngineOutcome;

constexpr std::uint32_t kSmallestMtu = 1280;  // IPv6's least
constexpr std::uint32_t kLargestMtu = 1500;

template <class Check>
bool all_hosts(const EngineAddresses& addresses, Check check) {
  return std::ranges::all_of(hosts_of(addresses), [&check](const Address& host) { return !host || check(host); });
}

}  // namespace

EngineOutcome check_form(const EnginePolicy& policy) {
  if (policy.family != 4 && policy.family != 6) return network_not_allowed;
  const Network network = network_of(policy);
  const auto unused = std::span(policy.network).subspan(to_bytes(network.address).size());
  if (std::ranges::any_of(unused, [](std::uint8_t byte) { return byte != 0; })) return network_not_allowed;
  const bool good =
      is_hub_network(network) && policy.port != 0 && policy.mtu >= kSmallestMtu && policy.mtu <= kLargestMtu;
  return good ? done : network_not_allowed;
}

EngineOutcome check_overlap(const EnginePolicy& policy, std::span<const Network> host_networks) {
  const Network ours = network_of(policy);
  const bool overlap = std::ranges::any_of(host_networks, [&ours](const Network& theirs) {
    return theirs.prefix != 0 && theirs.address.family == ours.address.family && overlaps(ours, theirs);
  });
  return overlap ? network_overlap : done;
}

EngineOutcome check_key(const PublicKey& key, const PublicKey& hub_key) {
  if (!is_usable(key)) return invalid_key;
  return key == hub_key ? EngineOutcome::hub_key : done;
}

EngineOutcome check_addresses(const EnginePolicy& policy, const EngineAddresses& addresses) {
  const Network network = network_of(policy);
  if (addresses == EngineAddresses()) return malformed;
  if (!all_hosts(addresses, [&](const Address& host) { return contains(network, host); })) return address_outside;
  const bool free = all_hosts(addresses, [&](const Address& host) { return is_spoke_address(network, host); });
  return free ? done : address_reserved;
}

EngineOutcome check_holders(const Mirror& mirror, const PeerBook& noted, const PublicKey& key,
                            const EngineAddresses& addresses, const PublicKey* replaces) {
  const auto all_held_by = [&](const PublicKey& who, bool or_free) {
    return all_hosts(addresses, [&](const Address& host) {
      const auto* held_by = mirror.holder(host);
      const auto* given_to = noted.holder(host);
      if (held_by == nullptr && given_to != nullptr && mirror.find(*given_to) != nullptr) held_by = given_to;
      return held_by == nullptr ? or_free : *held_by == who;
    });
  };
  if (replaces == nullptr) return all_held_by(key, true) ? done : address_held;
  const bool still_there = *replaces == key || mirror.find(*replaces) != nullptr;
  const bool from_it = *replaces != key && all_held_by(*replaces, false);
  return (still_there ? from_it : all_held_by(key, true)) ? done : replaces_mismatch;
}

}  // namespace wghub
