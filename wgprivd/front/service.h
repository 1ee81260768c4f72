// The calls of proto/wgprivd.capnp, turned into records and back. Decides nothing but form: lengths, counts, version.
// Leaves the order of records to EngineQueue and every rule to the engine, which checks all of it again.
#pragma once

#include <capnp/capability.h>

#include "wgprivd/front/engine_queue.h"

namespace wghub {

/// The bootstrap capability of one connection. open_calls counts those of all connections, and outlives each of them.
/// Errors of its calls: kj exceptions of type OVERLOADED when too many are open or the engine does not answer.
capnp::Capability::Client make_service(EngineQueue& engine, kj::Timer& timer, unsigned& open_calls);

}  // namespace wghub
