#include "apid/service/alert_watch.h"

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/log.h"

namespace wghub {
namespace {

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::map<std::string, std::int64_t> read_silent(Stores& stores) {
  using Silent = std::map<std::string, std::int64_t>;
  auto silent = stores.database.read<Silent>(
      [&](store::Transaction& t) -> Outcome<Silent> { return stores.alerts.standing(t, AlertKind::spoke_down); });
  return silent ? *std::move(silent) : Silent();
}

void record(Stores& stores, store::Transaction& t, const SilenceWatch::Change& change) {
  const bool is_new = change.silent ? stores.alerts.begin(t, AlertKind::spoke_down, change.spoke_id)
                                    : stores.alerts.end(t, AlertKind::spoke_down, change.spoke_id);
  if (change.gone || !is_new) return;
  stores.alerts.append(t, {0, 0, change.silent ? AlertKind::spoke_down : AlertKind::spoke_up,
                           std::to_string(change.seconds), change.spoke_id, change.name});
}

}  // namespace

AlertWatch::AlertWatch(Stores& stores, Clock clock, std::function<void()> told)
    : stores_(stores), clock_(std::move(clock)), told_(std::move(told)), watch_(read_silent(stores)) {}

void AlertWatch::apply(const std::shared_ptr<const PeerTable>& table, const SeenPeers& seen) {
  const auto changes = watch_.look(table, seen, clock_(), steady_seconds());
  if (changes.empty()) return;
  const auto recorded = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    for (const auto& change : changes) record(stores_, t, change);
    return Done{};
  });
  if (!recorded) {
    log::warning("what fell silent could not be recorded; the next look has it again",
                 {{"spokes", std::int64_t(changes.size())}});
    for (const auto& change : changes) watch_.forget(change, clock_());
    return;
  }
  for (const auto& change : changes) {
    if (change.gone) continue;
    log::info(change.silent ? "spoke fell silent" : "spoke is heard again",
              {{"spoke_id", change.spoke_id}, {"seconds", change.seconds}});
  }
  told_();
}

}  // namespace wghub
