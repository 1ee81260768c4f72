// Tables alerts and standing_alerts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "apid/model/alert.h"
#include "apid/model/page.h"
#include "apid/store/database.h"

namespace wghub::store {

class AlertStore {
 public:
  /// Gives the alert number and time.
  void append(Transaction& transaction, const Alert& alert) const;
  /// Cursor: at is the alert's number, id stays empty. Newest first.
  Page<Alert> list(Transaction& transaction, const PageRequest& page) const;
  /// Those with a higher number, oldest first.
  std::vector<Alert> after(Transaction& transaction, std::int64_t number, std::int64_t most) const;
  /// Number of the newest; 0: there is none.
  std::int64_t newest(Transaction& transaction) const;
  /// Takes away those that happened before, but never the newest of all. Units: epoch seconds.
  void prune(Transaction& transaction, std::int64_t before) const;

  /// False when it stands already.
  bool begin(Transaction& transaction, AlertKind kind, const std::string& subject) const;
  /// False when it does not stand.
  bool end(Transaction& transaction, AlertKind kind, const std::string& subject) const;
  /// Subjects, and since when. Units: epoch seconds.
  std::map<std::string, std::int64_t> standing(Transaction& transaction, AlertKind kind) const;
};

}  // namespace wghub::store
