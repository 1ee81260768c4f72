// What the engine keeps: the hub's key pair (D13), the accepted policy (D25), the journal of peers (D14). Leaves files
// to common/, what may be accepted to policy.h, and bringing peers back to Engine::restore.
#pragma once

#include "common/durable_map.h"
#include "common/peer_book.h"
#include "common/record_file.h"
#include "common/sealed_key_pair.h"

namespace wghub {

/// STATE/journal: the peers that the engine has set, so that a restart of the machine brings them back. One that is
/// given another's address takes its place.
using Journal = DurableMap<PublicKey, EngineAddresses, PeerBook>;

/// STATE/policy: the accepted policy, fixed from the first peer on.
struct AcceptedPolicy {
  std::array<char, 12> header = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};
using PolicyFile = RecordFile<AcceptedPolicy>;

/// STATE/hub.key: the hub's X25519 key pair, made here and unsealed only to be given to the interface.
using HubKey = SealedKeyPair;

}  // namespace wghub
