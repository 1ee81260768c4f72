#include "apid/service/removal_watch.h"

#include <fmt/format.h>

#include <string>

namespace wghub {
namespace {

constexpr auto kAction = "alarm.mass-removal";

// Whether there were that many of such events lately.
bool has_happened(Stores& stores, store::Transaction& t, const std::string& action, int times) {
  AuditFilter filter;
  filter.action = action;
  filter.from = store::now_of(t) - kRemovalSeconds;
  return stores.audit.list(t, filter, {times, std::nullopt}).items.size() == static_cast<std::size_t>(times);
}

}  // namespace

// All accounts are counted together, so that sharing the work out among several is no way around it.
std::optional<Alarm> watch_removals(Stores& stores, AuditTrail& audit, store::Transaction& t, const Actor& actor) {
  if (!has_happened(stores, t, "spoke.removed", kManyRemovals) || has_happened(stores, t, kAction, 1))
    return std::nullopt;
  audit.record(t, actor, kAction, actor.id, {{"removed", kManyRemovals}, {"seconds", kRemovalSeconds}});
  return Alarm{"mass-removal", actor.id,
               fmt::format("{} spokes were removed within {} minutes, the last one by {} from {}.", kManyRemovals,
                           kRemovalSeconds / 60, actor.name, actor.source_address)};
}

}  // namespace wghub
