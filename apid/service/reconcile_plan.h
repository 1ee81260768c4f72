// What has to change on an interface so that it has exactly the wanted peers: a pure function of a snapshot and the
// database's rows, read after it (D15). Doing it is the reconciler's.
#pragma once

#include <set>
#include <vector>

#include "apid/service/peer_table.h"

namespace wghub {

/// Rows of the table that it was made from, which must outlive it.
using RowList = std::vector<const PeerRow*>;

struct ReconcilePlan {
  std::vector<PublicKey> remove_foreign;  ///< unknown in this and the complete snapshot before
  RowList remove;                         ///< rows being removed whose peer is still there
  RowList finish;                         ///< rows being removed whose peer is gone
  RowList add;                            ///< wanted and missing
  RowList correct;                        ///< there with wrong addresses
  RowList replaced;                       ///< the new key is on, so replaces_key can be forgotten
  std::set<PublicKey> suspects;           ///< unknown here: foreign if the next complete snapshot has them too

  bool changes_interface() const {
    return !remove_foreign.empty() || !remove.empty() || !add.empty() || !correct.empty();
  }
};

/// suspects: those of the complete snapshot before. An incomplete snapshot never removes anything.
ReconcilePlan plan_reconcile(const SeenPeers& seen, const std::set<PublicKey>& suspects);

/// The peer that a row asks for.
WantedPeer wanted_peer(const PeerRow& row);

}  // namespace wghub
