// wghub audit: whether the trail is still what was written.
#pragma once

#include "apid/cli/admin_socket.h"

namespace wghub::cli {

/// kRefused when an event is not as it was written; says which is the first.
Exit verify_audit(const AdminSocket& socket);

}  // namespace wghub::cli
