// Which addresses a webhook may be at: what an admin types must not become a way into the hub's own network.
#pragma once

#include <span>

#include "common/address.h"

namespace wghub {

/// Whether an address is of the public internet: not private, loopback, link-local, shared, multicast, reserved, nor
/// one of these wrapped into IPv6.
bool is_public(const Address& address);

/// Whether one of the networks has the address; an IPv4 address that is wrapped into IPv6 counts as itself.
bool is_in(const Address& address, std::span<const Network> networks);

}  // namespace wghub
