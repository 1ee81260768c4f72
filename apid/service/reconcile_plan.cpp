#include "apid/service/reconcile_plan.h"

#include <cstring>
#include <unordered_map>
#include <unordered_set>

namespace wghub {
namespace {

// Keys are uniformly distributed: any eight bytes of one are a hash of it.
struct KeyHash {
  std::size_t operator()(const PublicKey& key) const {
    std::size_t hash = 0;
    std::memcpy(&hash, key.bytes.data(), sizeof hash);
    return hash;
  }
};

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

ReconcilePlan plan_reconcile(const StatusSnapshot& snapshot, const std::vector<PeerRow>& rows,
                             const std::set<PublicKey>& suspects) {
  std::unordered_map<PublicKey, const PeerState*, KeyHash> present;
  present.reserve(snapshot.peers.size());
  for (const auto& peer : snapshot.peers) present.emplace(peer.key, &peer);

  ReconcilePlan plan;
  std::unordered_set<PublicKey, KeyHash> known;
  known.reserve(rows.size());
  for (const auto& row : rows) {
    known.insert(row.key);
    const auto peer = present.find(row.key);
    const bool is_present = peer != present.end();
    if (row.removing) {
      if (row.replaces) known.insert(*row.replaces);
      const bool old_is_present = row.replaces && present.contains(*row.replaces);
      if (!snapshot.complete) continue;
      (is_present || old_is_present ? plan.remove : plan.finish).push_back(row);
    } else if (!is_present) {
      // The old key stays untouched until the new one takes its place in one step.
      if (row.replaces) known.insert(*row.replaces);
      plan.add.push_back(row);
    } else {
      if (!has_wanted_addresses(*peer->second, row)) plan.correct.push_back(row);
      if (row.replaces) plan.replaced.push_back(row);
    }
  }
  if (!snapshot.complete) return plan;
  for (const auto& peer : snapshot.peers) {
    if (known.contains(peer.key)) continue;
    plan.suspects.insert(peer.key);
    if (suspects.contains(peer.key)) plan.remove_foreign.push_back(peer.key);
  }
  return plan;
}

}  // namespace wghub
