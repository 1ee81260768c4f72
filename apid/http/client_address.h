// Who a request comes from, through proxies that are trusted (D7).
#pragma once

#include <sys/socket.h>

#include <string_view>
#include <vector>

#include "common/address.h"

namespace wghub::http {

/// The peer of a socket; an IPv4-mapped IPv6 address is given as IPv4. No address for other families.
Address from_socket(const sockaddr_storage& peer);

/// The right-most hop that is no trusted proxy. X-Forwarded-For counts only when the peer itself is one; what cannot
/// be read ends the walk at the hop before it.
/// Shape: forwarded holds the header's values in order, each maybe a list.
Address client_of(const Address& peer, const std::vector<Network>& trusted_proxies,
                  const std::vector<std::string_view>& forwarded);

/// What connections are counted by: the address, for IPv6 its /64.
Address counting_prefix(const Address& address);

}  // namespace wghub::http
