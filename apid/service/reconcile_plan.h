// What has to change on an interface so that it has exactly the wanted peers: a pure function of a snapshot and the
// database's rows, read after it (D15). Doing it is the reconciler's.
#pragma once

#include <set>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/spoke.h"

namespace wghub {

struct ReconcilePlan {
  std::vector<PublicKey> remove_foreign;  ///< unknown in this and the complete snapshot before
  std::vector<PeerRow> remove;            ///< rows being removed whose peer is still there
  std::vector<PeerRow> finish;            ///< rows being removed whose peer is gone
  std::vector<PeerRow> add;               ///< wanted and missing
  std::vector<PeerRow> correct;           ///< there with wrong addresses
  std::vector<PeerRow> replaced;          ///< the new key is on, so replaces_key can be forgotten
  std::set<PublicKey> suspects;           ///< unknown here: foreign if the next complete snapshot has them too

  bool changes_interface() const {
    return !remove_foreign.empty() || !remove.empty() || !add.empty() || !correct.empty();
  }
};

/// suspects: those of the complete snapshot before. An incomplete snapshot never removes anything.
ReconcilePlan plan_reconcile(const StatusSnapshot& snapshot, const std::vector<PeerRow>& rows,
                             const std::set<PublicKey>& suspects);

/// The peer that a row asks for.
WantedPeer wanted_peer(const PeerRow& row);

}  // namespace wghub
