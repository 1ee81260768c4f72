// The wanted peers as the database has them, and a snapshot of the interface laid beside them. Made once each, then
// only read: what follows from a difference is reconcile_plan's and status_tracker's.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/spoke.h"

namespace wghub {

/// Every live row, newest registration first; never changed, so that it can be shared.
class PeerTable {
 public:
  /// No two rows have one key.
  explicit PeerTable(std::vector<PeerRow> rows);

  const std::vector<PeerRow>& rows() const { return rows_; }
  /// The place of the row that wants this key.
  std::optional<std::size_t> find(const PublicKey& key) const;

 private:
  // Keys are uniformly distributed: any eight bytes of one are a hash of it.
  struct KeyHash {
    std::size_t operator()(const PublicKey& key) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, key.bytes.data(), sizeof hash);
      return hash;
    }
  };

  std::vector<PeerRow> rows_;
  std::unordered_map<PublicKey, std::uint32_t, KeyHash> places_;
};

/// Points into the two that it was made of.
struct SeenPeers {
  SeenPeers(const PeerTable& wanted, const StatusSnapshot& seen);

  bool has(const PublicKey& key) const;

  const PeerTable& table;
  const StatusSnapshot& snapshot;
  std::vector<const PeerState*> of_row;  ///< as the table's rows; nullptr: the interface lacks it
  std::vector<const PeerState*> others;  ///< whose key no row wants, in order of their keys
};

}  // namespace wghub
