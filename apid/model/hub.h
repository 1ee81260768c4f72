// The hub's own configuration: one row, made by initialise. Its private key is the engine's alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/address.h"
#include "common/key.h"

namespace wghub {

/// Units: epoch seconds.
struct HubConfig {
  Network network;  ///< 10.0.1.0/24
  std::uint16_t listen_port = 0;
  PublicKey public_key;
  std::vector<Address> dns;
  std::string endpoint;  ///< host:port or [v6]:port, as spokes are told
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;
};

}  // namespace wghub
