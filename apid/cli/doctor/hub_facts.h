// Finds out what the hub says of itself, over root's socket.
#pragma once

#include "apid/cli/doctor/facts.h"
#include "apid/cli/hub_client.h"

namespace wghub::cli {

/// Takes 7 s more where interface and database differ at the first look.
HubFacts gather_hub_facts(const HubClient& hub);

}  // namespace wghub::cli
