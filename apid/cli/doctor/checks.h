// Every check of the doctor by its name. A check judges facts; how they are found out is the *_facts files'.
#pragma once

#include <string>
#include <vector>

#include "apid/cli/doctor/facts.h"
#include "apid/cli/doctor/finding.h"

namespace wghub::cli {

struct Check {
  std::string name;
  std::string what;
  Finding (*look)(const Facts&);
};

/// What the hub says of itself, what of the machine and what of the network stands in its way.
std::vector<Check> hub_checks();
std::vector<Check> machine_checks();
std::vector<Check> network_checks();

/// Whether apid listens on a loopback address, with a web server before it.
bool hears_this_machine_alone(const app::Configuration& configuration);

/// All of them, in the order in which they are told.
std::vector<Check> all_checks();

}  // namespace wghub::cli
