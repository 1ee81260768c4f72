// Sees when more spokes are removed at once than a person would: somebody else may hold a credential.
#pragma once

#include <cstdint>
#include <optional>

#include "apid/service/audit_trail.h"
#include "apid/service/event.h"

namespace wghub {

inline constexpr int kManyRemovals = 20;
inline constexpr std::int64_t kRemovalSeconds = 600;

/// To be asked behind every `spoke.removed`, in its transaction. The alarm, already in the audit trail, when
/// kManyRemovals of anybody fell within kRemovalSeconds and none was raised within that time; told by the caller after
/// the commit.
std::optional<Alarm> watch_removals(Stores& stores, AuditTrail& audit, store::Transaction& transaction,
                                    const Actor& actor);

}  // namespace wghub
