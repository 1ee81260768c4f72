// An address with a port: what a connection or a peer comes from. Resolves no names.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string_view>

#include "common/address.h"

namespace wghub {

/// No address: not known.
struct Endpoint {
  Address address;
  std::uint16_t port = 0;
  bool operator==(const Endpoint&) const = default;
};

/// Reads ADDRESS:PORT or [ADDRESS]:PORT; nothing when it is not that (a name, an IPv6 zone).
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// What the system calls a socket address; no address when it is of another family than the internet's two.
Endpoint to_endpoint(const sockaddr_storage& address);

}  // namespace wghub
