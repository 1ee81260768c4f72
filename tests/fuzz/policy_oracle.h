// The engine's policy once more, written from design §5 alone and unlike policy.cpp: addresses are numbers, low order
// is found by multiplying. Says every reason for which a record may be refused, as their order is the engine's own
// business.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "common/engine_record.h"
#include "common/key.h"

namespace wghub::fuzz {

__extension__ using Number = unsigned __int128;

/// First to last address of a network.
struct Range {
  int family = 0;
  Number first = 0;
  Number last = 0;
};

using Reasons = std::set<EngineOutcome>;

/// What the engine has to know, kept from its answers and from what it was asked.
struct Oracle {
  std::optional<PublicKey> hub_key;
  std::optional<EnginePolicy> policy;
  bool fixed = false;                            ///< the first peer was set
  bool foreign = false;                          ///< wg0 is there and carries what isn't ours
  bool ours = false;                             ///< wg0 is there, with the hub's key
  std::map<PublicKey, std::set<Network>> wg0;    ///< what it has, as far as the engine could know
  std::map<PublicKey, std::set<Network>> noted;  ///< in the journal, with what was asked for
  std::vector<Network> host_networks;

  /// Every reason to refuse the record; none: it has to be done (or unchanged).
  Reasons reasons(const EngineRequest& request) const;

  /// Whether a record that has no reason to be refused has nothing to do.
  bool is_unchanged(const EngineRequest& request) const;

  /// Takes over what a carried out record means.
  void carry_out(const EngineRequest& request);

 private:
  Reasons of_configure(const EnginePolicy& wanted) const;
  Reasons of_add(const EngineRequest& request) const;
  Reasons of_addresses(const EngineRequest& request) const;
  Reasons of_holders(const EngineRequest& request) const;
};

/// Whether design §5 and D25 allow this as the hub's network, port and MTU.
bool is_allowed(const EnginePolicy& policy);

}  // namespace wghub::fuzz
