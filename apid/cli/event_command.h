// wghub events: what happens at the hub, as it happens.
#pragma once

#include "apid/cli/command.h"

namespace wghub::cli {

/// A JSON line for each event until somebody breaks off, `--count` have come, or the credential ends. A broken stream
/// is taken up again where it ended; the first must succeed.
Exit follow_events(const Task& task);

}  // namespace wghub::cli
