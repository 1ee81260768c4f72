// Table audit_events: append-only, each row carries the hash of the one before (D12).
#pragma once

#include "apid/model/audit.h"
#include "apid/model/page.h"
#include "apid/store/database.h"

namespace wghub::store {

class AuditStore {
 public:
  /// Gives the event id, time and hash, and returns it so.
  AuditEvent append(Transaction& transaction, AuditEvent event) const;
  /// Cursor: at is the event's id, id stays empty. Newest first.
  Page<AuditEvent> list(Transaction& transaction, const AuditFilter& filter, const PageRequest& page) const;
  /// Reads every event and its hash again.
  AuditCheck verify(Transaction& transaction) const;
};

}  // namespace wghub::store
