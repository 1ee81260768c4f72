// Table alert_targets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/alert.h"
#include "apid/store/database.h"

namespace wghub::store {

class AlertTargetStore {
 public:
  void insert(Transaction& transaction, const AlertTarget& target) const;
  /// Oldest first.
  std::vector<AlertTarget> list(Transaction& transaction) const;
  std::optional<AlertTarget> find(Transaction& transaction, const std::string& id) const;
  /// Saves name, kinds, quiet hours, whether it is enabled, and how far it was told.
  void save_settings(Transaction& transaction, const AlertTarget& target) const;
  /// Saves how far it was told, and how that went. What was told does not become less.
  void save_progress(Transaction& transaction, const AlertTarget& target) const;
  /// False when there is none.
  bool remove(Transaction& transaction, const std::string& id) const;
};

}  // namespace wghub::store
