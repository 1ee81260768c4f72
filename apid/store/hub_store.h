// Table hub_config: one row.
#pragma once

#include <optional>

#include "apid/model/hub.h"
#include "apid/store/database.h"

namespace wghub::store {

class HubStore {
 public:
  std::optional<HubConfig> find(Transaction& transaction) const;
  /// False when there is a row already.
  bool insert(Transaction& transaction, const HubConfig& config) const;
  /// Changes endpoint, dns and updated_at.
  void update(Transaction& transaction, const HubConfig& config) const;
};

}  // namespace wghub::store
