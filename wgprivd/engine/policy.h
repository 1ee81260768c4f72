// What the engine allows: pure functions over values, without a kernel, a file or a clock.
// Each answers EngineOutcome::done for "allowed", else the reason; who asked does not matter to them.
#pragma once

#include "wgprivd/engine/device.h"

namespace wghub {

/// Private, 2 to 16 host bits (IPv4: /16 to /30), no host bits set, port not 0, MTU 1280 to 1500.
/// Errors: network_not_allowed.
EngineOutcome check_form(const EnginePolicy& policy);

/// host_networks: addresses and routes of the host without those of our own interface; a default route does not count.
/// Errors: network_overlap.
EngineOutcome check_overlap(const EnginePolicy& policy, std::span<const Network> host_networks);

/// Errors: invalid_key, hub_key.
EngineOutcome check_key(const PublicKey& key, const PublicKey& hub_key);

/// Errors: malformed (no address at all), address_outside, address_reserved.
EngineOutcome check_addresses(const EnginePolicy& policy, const EngineAddresses& addresses);

/// Whether key may have the addresses. noted is what peers were given: a peer that is there holds it, too, when
/// somebody gave it others by hand. replaces (nullptr: nobody) is the peer that must hold all of them now; when it is
/// gone already the add is judged as one without.
/// Errors: replaces_mismatch, address_held.
EngineOutcome check_holders(const Mirror& mirror, const PeerBook& noted, const PublicKey& key,
                            const EngineAddresses& addresses, const PublicKey* replaces);

}  // namespace wghub
