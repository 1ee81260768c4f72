// What is to become of each peer that was found: judged here as far as the file tells, and by the hub.
#pragma once

#include <string>
#include <vector>

#include "apid/cli/import/found.h"
#include "apid/cli/request.h"
#include "common/address.h"
#include "common/key.h"

namespace wghub::cli {

struct PlannedPeer {
  enum class State { good, present, left_out, bad };

  std::size_t line = 0;
  std::string name;
  std::string address;
  std::string public_key;
  State state = State::good;
  std::string remark;  ///< why it is not good, or what is left behind
};

/// Whether peers with a preshared key are taken without it.
enum class PresharedKeys { refuse, drop };

/// As far as the file and the hub's network tell: keys, addresses, doubles.
std::vector<PlannedPeer> plan(const Found& found, const Network& network, PresharedKeys preshared);

/// Asks the hub about those that are good so far; nothing is changed there.
Asked<Done> ask_hub(const HubClient& hub, std::vector<PlannedPeer>& peers);

/// Makes spokes of the good ones. Errors: told; those of earlier requests stay.
Asked<Done> apply(const HubClient& hub, const std::vector<PlannedPeer>& peers);

}  // namespace wghub::cli
