#include "apid/service/peer_table.h"

#include <algorithm>
#include <utility>

namespace wghub {

PeerTable::PeerTable(std::vector<PeerRow> rows) : rows_(std::move(rows)) {
  places_.reserve(rows_.size());
  for (std::uint32_t place = 0; place < rows_.size(); ++place) places_.emplace(rows_[place].key, place);
}

std::optional<std::size_t> PeerTable::find(const PublicKey& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? std::nullopt : std::optional<std::size_t>(found->second);
}

SeenPeers::SeenPeers(const PeerTable& wanted, const StatusSnapshot& seen)
    : table(wanted), snapshot(seen), of_row(wanted.rows().size()) {
  for (const auto& peer : snapshot.peers) {
    if (const auto place = table.find(peer.key))
      of_row[*place] = &peer;
    else
      others.push_back(&peer);
  }
  std::sort(others.begin(), others.end(), [](const auto* left, const auto* right) { return left->key < right->key; });
}

bool SeenPeers::has(const PublicKey& key) const {
  if (const auto place = table.find(key)) return of_row[*place] != nullptr;
  return std::any_of(others.begin(), others.end(), [&](const auto* peer) { return peer->key == key; });
}

}  // namespace wghub
