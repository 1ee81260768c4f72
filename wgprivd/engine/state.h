// What the engine keeps: the hub's key pair (D13), the accepted policy (D25), the journal of peers (D14). Leaves files
// to common/, where key and policy are (a backup has them too), what may be accepted to policy.h, and bringing peers
// back to Engine::restore.
#pragma once

#include "common/durable_map.h"
#include "common/hub_secrets.h"
#include "common/peer_book.h"

namespace wghub {

/// STATE/journal: the peers that the engine has set, so that a restart of the machine brings them back. One that is
/// given another's address takes its place.
using Journal = DurableMap<PublicKey, EngineAddresses, PeerBook>;

}  // namespace wghub
