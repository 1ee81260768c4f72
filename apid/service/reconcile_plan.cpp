#include "apid/service/reconcile_plan.h"

namespace wghub {
namespace {

bool has_wanted_addresses(const PeerState& peer, const PeerRow& row) {
  const WantedPeer wanted = wanted_peer(row);
  return !peer.other_addresses && peer.ipv4 == wanted.ipv4 && peer.ipv6 == wanted.ipv6;
}

}  // namespace

WantedPeer wanted_peer(const PeerRow& row) {
  WantedPeer peer;
  peer.key = row.key;
  (row.address.family == Family::ipv4 ? peer.ipv4 : peer.ipv6) = row.address;
  peer.replaces = row.replaces;
  return peer;
}

ReconcilePlan plan_reconcile(const SeenPeers& seen, const std::set<PublicKey>& suspects) {
  ReconcilePlan plan;
  std::set<PublicKey> known;  // besides the keys of the rows
  const auto& rows = seen.table.rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PeerRow& row = rows[i];
    const PeerState* const peer = seen.of_row[i];
    // The old key stays untouched until the new one takes its place in one step, or both are removed.
    if (row.replaces && (row.removing || !peer)) known.insert(*row.replaces);
    if (row.removing) {
      if (!seen.snapshot.complete) continue;
      const bool is_there = peer || (row.replaces && seen.has(*row.replaces));
      (is_there ? plan.remove : plan.finish).push_back(&row);
    } else if (!peer) {
      plan.add.push_back(&row);
    } else {
      if (!has_wanted_addresses(*peer, row)) plan.correct.push_back(&row);
      if (row.replaces) plan.replaced.push_back(&row);
    }
  }
  if (!seen.snapshot.complete) return plan;
  for (const auto* peer : seen.others) {
    if (known.contains(peer->key)) continue;
    plan.suspects.insert(peer->key);
    if (suspects.contains(peer->key)) plan.remove_foreign.push_back(peer->key);
  }
  return plan;
}

}  // namespace wghub
