#include "wgprivd/engine/policy.h"

#include <algorithm>
#include <cstring>

namespace wghub {
namespace {

constexpr std::uint32_t kSmallestMtu = 1280;  // IPv6's least
constexpr std::uint32_t kLargestMtu = 1500;

template <class Check>
bool all_hosts(const EngineAddresses& addresses, Check check) {
  const auto hosts = hosts_of(addresses);
  return std::all_of(hosts.begin(), hosts.end(), [&check](const Address& host) { return !host || check(host); });
}

}  // namespace

Network network_of(const EnginePolicy& policy) {
  return {{static_cast<Family>(policy.family), policy.network}, policy.prefix};
}

bool is_same(const EnginePolicy& left, const EnginePolicy& right) {
  return std::memcmp(&left, &right, sizeof left) == 0;
}

EngineOutcome check_form(const EnginePolicy& policy) {
  constexpr auto refused = EngineOutcome::network_not_allowed;
  if (policy.family != 4 && policy.family != 6) return refused;
  const Network network = network_of(policy);
  const int host_bits = bits_of(network.address.family) - network.prefix;
  if (host_bits < 2 || host_bits > 16) return refused;
  const bool rest_is_zero = std::all_of(policy.network.begin() + bits_of(network.address.family) / 8,
                                        policy.network.end(), [](std::uint8_t byte) { return byte == 0; });
  if (!rest_is_zero || has_host_bits(network) || !is_private(network)) return refused;
  if (policy.port == 0 || policy.mtu < kSmallestMtu || policy.mtu > kLargestMtu) return refused;
  return EngineOutcome::done;
}

EngineOutcome check_overlap(const EnginePolicy& policy, std::span<const Network> host_networks) {
  const Network ours = network_of(policy);
  const bool overlap = std::any_of(host_networks.begin(), host_networks.end(), [&ours](const Network& theirs) {
    return theirs.prefix != 0 && theirs.address.family == ours.address.family && overlaps(ours, theirs);
  });
  return overlap ? EngineOutcome::network_overlap : EngineOutcome::done;
}

EngineOutcome check_key(const PublicKey& key, const PublicKey& hub_key) {
  if (!is_usable(key)) return EngineOutcome::invalid_key;
  return key == hub_key ? EngineOutcome::hub_key : EngineOutcome::done;
}

EngineOutcome check_addresses(const EnginePolicy& policy, const EngineAddresses& addresses) {
  const Network network = network_of(policy);
  if (addresses == EngineAddresses{}) return EngineOutcome::malformed;
  if (!all_hosts(addresses, [&](const Address& host) { return contains(network, host); })) {
    return EngineOutcome::address_outside;
  }
  const bool free = all_hosts(addresses, [&](const Address& host) { return is_spoke_address(network, host); });
  return free ? EngineOutcome::done : EngineOutcome::address_reserved;
}

EngineOutcome check_holders(const PeerTable& peers, const PublicKey& key, const EngineAddresses& addresses,
                            const PublicKey* replaces) {
  const bool is_free = peers.free_for(key, addresses);
  if (replaces == nullptr) return is_free ? EngineOutcome::done : EngineOutcome::address_held;
  const bool still_there = *replaces == key || peers.find(*replaces) != nullptr;
  const bool from_it = *replaces != key && peers.holds_all(*replaces, addresses);
  return (still_there ? from_it : is_free) ? EngineOutcome::done : EngineOutcome::replaces_mismatch;
}

}  // namespace wghub
