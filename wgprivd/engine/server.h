// The engine's socket: who may call, one record in, one answer out, in one thread. Leaves what records mean to Engine.
#pragma once

#include <sys/types.h>

#include "common/descriptor.h"
#include "wgprivd/engine/engine.h"

namespace wghub {

/// Serves connections of the user caller until nobody has been connected for 60 s (true), or the WireGuard
/// implementation is gone (false).
bool serve(Engine& engine, Interface& interface, Descriptor listener, uid_t caller);

}  // namespace wghub
