// What the running program takes from itself: files but the state directory (Landlock), system calls but a short list
// (seccomp). Leaves users and capabilities to whoever starts it.
#pragma once

#include "wgprivd/engine/state_file.h"

namespace wghub {

/// To be called when everything is open; there is no way back.
/// A kernel without Landlock is logged and tolerated; anything else that fails: std::system_error.
void confine(const StateDirectory& directory);

}  // namespace wghub
