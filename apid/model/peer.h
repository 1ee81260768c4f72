// A peer as the interface has it: what a status snapshot says of one spoke's tunnel.
#pragma once

#include <cstdint>

#include "common/address.h"
#include "common/key.h"

namespace wghub {

/// A peer as the interface has it. Units: epoch seconds (0: never), bytes.
struct PeerState {
  PublicKey key;
  Address ipv4;
  Address ipv6;
  bool other_addresses = false;  ///< has allowed IPs besides one host address per family
  Address endpoint;
  std::uint16_t endpoint_port = 0;
  std::int64_t last_handshake = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
};

}  // namespace wghub
