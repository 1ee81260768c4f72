// Table spoke_registrations. «Live» is a row that is not removed; a row being removed is live until its peer is off.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/page.h"
#include "apid/model/spoke.h"
#include "apid/store/database.h"

namespace wghub::store {

struct SpokeFilter {
  std::optional<SpokeStatus> status;
  std::optional<Platform> os;
};

class SpokeStore {
 public:
  void insert(Transaction& transaction, const Spoke& spoke) const;
  /// Removed ones too.
  std::optional<Spoke> find(Transaction& transaction, const std::string& id) const;
  std::optional<Spoke> find_live_by_key(Transaction& transaction, const PublicKey& key) const;
  /// The same spoke with another key, or the same again, after a reissue: key, token, registered_at, os, Proxmox fields
  /// and metadata are those of the new registration; with another key replaces_key is the one before, status pending.
  void replace(Transaction& transaction, const Spoke& spoke) const;
  /// The interface has the new key: replaces_key is cleared if it is still this one.
  void confirm_replaced(Transaction& transaction, const std::string& id, const PublicKey& replaced) const;
  /// False when it is being removed already or does not exist.
  bool mark_removing(Transaction& transaction, const std::string& id) const;
  /// removing -> removed. False when it was not being removed. The service gives the address back.
  bool mark_removed(Transaction& transaction, const std::string& id) const;
  /// Takes the row away altogether (D16: the engine refused the peer); audit keeps what happened.
  void erase(Transaction& transaction, const std::string& id) const;

  /// Rows being removed are left out of lists and counts. Newest first by (registered_at, id).
  Page<Spoke> list(Transaction& transaction, const SpokeFilter& filter, const PageRequest& page) const;
  /// The nodes of a cluster by name, at most so many.
  std::vector<Spoke> nodes(Transaction& transaction, const std::string& cluster_id, int most) const;
  /// Costs the same however many there are.
  SpokeCounts counts(Transaction& transaction) const;
  /// Every live row, those being removed too, newest first.
  std::vector<PeerRow> peers(Transaction& transaction) const;
  void save_live(Transaction& transaction, const std::vector<LiveUpdate>& updates) const;
};

}  // namespace wghub::store
