#include "apid/service/reconciler.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::chrono::seconds kPause{5};
constexpr std::chrono::seconds kSecondLook{1};  // after a peer was first seen that nobody knows
constexpr std::int64_t kHealthySeconds = 15;
constexpr std::size_t kHeldAtOnce = 256;    // as many as one call of the helper takes
constexpr std::size_t kNamedPerPass = 100;  // more corrections of one kind become one event with their number

std::int64_t monotonic_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_on(PeerOutcome outcome) { return outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged; }

}  // namespace

Reconciler::Reconciler(Stores& stores, AuditTrail& audit, ReconcilerSurroundings surroundings, ForeignPeers foreign,
                       std::uint32_t mtu, Clock clock)
    : stores_(stores), audit_(audit), around_(surroundings), foreign_(foreign), mtu_(mtu), clock_(std::move(clock)) {}

Reconciler::~Reconciler() { stop(); }

void Reconciler::start() {
  thread_ = std::thread([this] { run(); });
}

void Reconciler::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Reconciler::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

Reconciler::Health Reconciler::health() const {
  const auto at = healthy_at_.load();
  return at != 0 && monotonic_seconds() - at <= kHealthySeconds ? Health::good : Health::helper_unavailable;
}

std::optional<std::int64_t> Reconciler::seconds_since_pass() const {
  const auto at = healthy_at_.load();
  return at == 0 ? std::nullopt : std::optional(monotonic_seconds() - at);
}

ReconcileResult Reconciler::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

bool Reconciler::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Reconciler::run() {
  auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(kPause);
  while (true) {
    try {
      pause = pass() ? kSecondLook : kPause;
    } catch (const std::exception& fault) {
      log::error("a reconcile pass failed", {{"reason", fault.what()}});
      pause = kPause;
    }
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [&] { return woken_ || stopping_; });
    if (stopping_) return;
    woken_ = false;
  }
}

std::optional<StatusSnapshot> Reconciler::take_snapshot(const HubConfig& hub) {
  auto snapshot = around_.helper.status();
  if (!snapshot) return std::nullopt;
  if (snapshot->interface_up) return std::move(*snapshot);
  const auto answer = around_.helper.configure({hub.network, hub.listen_port, mtu_});
  if (!is_on(answer.outcome)) {
    log::error("the interface is missing and cannot be made", {{"outcome", to_text(answer.outcome)}});
    return std::nullopt;
  }
  log::warning("the interface was missing or incomplete and was made anew",
               {{"created", answer.created ? "yes" : "no"}});
  WGHUB_CRASH_POINT("reconcile.restored");
  record("interface.restored", {{"wg0", answer.created ? "created" : "repaired"}});
  snapshot = around_.helper.status();
  if (!snapshot || !snapshot->interface_up) return std::nullopt;
  return std::move(*snapshot);
}

std::shared_ptr<const PeerTable> Reconciler::read_rows() {
  const std::uint64_t version = version_;
  if (version == rows_version_) return table_;
  auto rows = stores_.database.read<std::vector<PeerRow>>(
      [&](store::Transaction& t) -> Outcome<std::vector<PeerRow>> { return stores_.spokes.peers(t); });
  if (!rows) return nullptr;
  table_ = std::make_shared<PeerTable>(std::move(*rows));
  rows_version_ = version;
  return table_;
}

bool Reconciler::pass() {
  const auto hub = stores_.database.read<std::optional<HubConfig>>(
      [&](store::Transaction& t) -> Outcome<std::optional<HubConfig>> { return stores_.hub.find(t); });
  if (!hub) return false;
  if (!*hub) {
    if (around_.helper.hello()) healthy_at_ = monotonic_seconds();
    return false;
  }
  const auto snapshot = take_snapshot(**hub);
  // One quick second try: the helper may be on its way back.
  if (!snapshot) return healthy_at_.exchange(0) != 0;
  WGHUB_CRASH_POINT("reconcile.snapshot");
  const auto table = read_rows();  // after the snapshot, so that a peer without row is never a row too late
  if (!table) return false;
  const SeenPeers seen(*table, *snapshot);
  around_.tracker.apply(table, seen);
  if (snapshot->complete) around_.alerts.apply(table, seen);
  const auto plan = plan_reconcile(seen, suspects_);
  if (snapshot->complete) {
    suspects_ = plan.suspects;
    std::erase_if(reported_foreign_, [&](const PublicKey& key) { return !suspects_.contains(key); });
  }
  WGHUB_CRASH_POINT("reconcile.planned");
  const auto result = apply(plan);
  WGHUB_CRASH_POINT("reconcile.applied");
  healthy_at_ = monotonic_seconds();
  if (snapshot->generation != told_generation_ && tell_all(*table)) told_generation_ = snapshot->generation;
  const bool unknown_left = std::any_of(plan.suspects.begin(), plan.suspects.end(),
                                        [&](const PublicKey& key) { return !reported_foreign_.contains(key); });
  // A key may have been registered while it was taken off as a foreign one.
  const bool overtaken = foreign_ == ForeignPeers::remove && !plan.remove_foreign.empty() && version_ != rows_version_;
  return unknown_left || overtaken || result.failed > 0;
}

ReconcileResult Reconciler::apply(const ReconcilePlan& plan) {
  ReconcileResult result;
  forget_replaced(plan.replaced);
  if (foreign_ == ForeignPeers::remove) {
    remove_foreign(plan, result);
  } else {
    for (const auto& key : plan.remove_foreign) {
      if (!reported_foreign_.insert(key).second) continue;
      ++result.foreign_kept;
      around_.events.publish({"alarm", clock_(), Alarm{"foreign-peer", to_base64(key), "A peer that no spoke has."}});
      record("alarm.foreign-peer", {{to_base64(key), "kept"}});
    }
  }
  remove_ours(plan, result);
  add(plan.add, "peer.added", result.added, result);
  add(plan.correct, "peer.corrected", result.corrected, result);
  sum_up(result);
  if (result.added + result.removed + result.corrected + result.foreign_kept == 0) return result;
  log::warning("the interface was put right", {{"added", std::int64_t(result.added)},
                                               {"removed", std::int64_t(result.removed)},
                                               {"corrected", std::int64_t(result.corrected)}});
  around_.events.publish({"reconcile", clock_(), result});
  return result;
}

void Reconciler::sum_up(const ReconcileResult& result) {
  const std::lock_guard lock(mutex_);
  totals_.added += result.added;
  totals_.removed += result.removed;
  totals_.corrected += result.corrected;
  totals_.foreign_kept += result.foreign_kept;
  totals_.failed += result.failed;
}

void Reconciler::remove_foreign(const ReconcilePlan& plan, ReconcileResult& result) {
  if (plan.remove_foreign.empty()) return;
  const auto outcomes = around_.helper.remove_peers(plan.remove_foreign);
  WGHUB_CRASH_POINT("reconcile.foreign-off");
  Targets removed;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const std::string key = to_base64(plan.remove_foreign[i]);
    if (outcomes[i] == PeerOutcome::done) {
      log::warning("a peer that no spoke has was removed", {{"public_key", key}});
      around_.events.publish({"alarm", clock_(), Alarm{"foreign-peer", key, "A peer that no spoke has was removed."}});
      removed.emplace_back(key, "foreign");
    } else if (!is_on(outcomes[i])) {
      ++result.failed;
    }
  }
  result.removed += static_cast<int>(removed.size());
  record("peer.removed", removed);
  for (auto& [key, what] : removed) what = "removed";
  record("alarm.foreign-peer", removed);
}

void Reconciler::remove_ours(const ReconcilePlan& plan, ReconcileResult& result) {
  for (const auto* row : plan.remove) {
    const bool ended = end_removal(*row, result);
    result.removed += ended ? 1 : 0;
  }
  // Asked for all the same: the peer may have come and its removal failed since the snapshot.
  for (const auto* row : plan.finish) end_removal(*row, result);
}

bool Reconciler::end_removal(const PeerRow& row, ReconcileResult& result) {
  const auto guard = around_.locks.try_lock(row.spoke_id);
  if (!guard || !is_current(row)) return false;  // it is under way, or over and the key may be another spoke's
  bool off = is_on(around_.helper.remove_peer(row.key));
  if (off && row.replaces) off = is_on(around_.helper.remove_peer(*row.replaces));
  WGHUB_CRASH_POINT("reconcile.off");
  if (off && around_.spokes.finish_removal(row.spoke_id, system_actor())) return true;
  ++result.failed;
  return false;
}

// Whether a row is as it was read. Call with its spoke's lock: whoever changes a peer says so before giving that back.
bool Reconciler::is_current(const PeerRow& row) {
  if (version_ == rows_version_) return true;
  const auto spoke = stores_.database.read<std::optional<Spoke>>(
      [&](store::Transaction& t) -> Outcome<std::optional<Spoke>> { return stores_.spokes.find(t, row.spoke_id); });
  if (!spoke || !*spoke || (*spoke)->removed_at) return false;
  return (*spoke)->public_key == row.key && (*spoke)->removing_at.has_value() == row.removing;
}

void Reconciler::add(const RowList& rows, const char* action, int& count, ReconcileResult& result) {
  Targets done;
  std::span<const PeerRow* const> rest = rows;
  while (!rest.empty() && !is_stopping()) {
    const auto some = rest.first(std::min(rest.size(), kHeldAtOnce));
    add_some(some, done, result);
    rest = rest.subspan(some.size());
  }
  count += static_cast<int>(done.size());
  record(action, done);
}

// Each spoke is held until its peer is on: one removed meanwhile must not come back, its address may be another's.
void Reconciler::add_some(std::span<const PeerRow* const> rows, Targets& done, ReconcileResult& result) {
  std::vector<PeerLocks::Guard> held;
  std::vector<WantedPeer> peers;
  std::vector<const PeerRow*> asked;
  for (const auto* row : rows) {
    auto guard = around_.locks.try_lock(row->spoke_id);
    if (!guard || !is_current(*row)) continue;  // its registration is adding it right now
    held.push_back(std::move(*guard));
    peers.push_back(wanted_peer(*row));
    asked.push_back(row);
  }
  if (peers.empty()) return;
  const auto outcomes = around_.helper.add_peers(peers);
  WGHUB_CRASH_POINT("reconcile.added");
  // A long list is no silence. Not before the first whole pass: until then the hub is not ready.
  if (healthy_at_ != 0 && std::any_of(outcomes.begin(), outcomes.end(), is_on)) healthy_at_ = monotonic_seconds();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == PeerOutcome::done) {
      done.emplace_back(asked[i]->spoke_id, to_base64(asked[i]->key));
    } else if (!is_on(outcomes[i])) {
      ++result.failed;
      log::warning("a peer could not be put right",
                   {{"spoke_id", asked[i]->spoke_id}, {"outcome", to_text(outcomes[i])}});
    }
  }
}

// An engine that was started anew may lack peers in its journal that are on the interface: its disk was full, or the
// journal was damaged. What it is told again it notes; what it has noted is no work.
bool Reconciler::tell_all(const PeerTable& table) {
  RowList wanted;
  for (const auto& row : table.rows())
    if (!row.removing) wanted.push_back(&row);
  ReconcileResult result;
  add(wanted, "peer.added", result.added, result);
  return result.failed == 0;
}

void Reconciler::forget_replaced(const RowList& rows) {
  if (rows.empty()) return;
  const auto forgotten = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    for (const auto* row : rows) stores_.spokes.confirm_replaced(t, row->spoke_id, *row->replaces);
    return Done{};
  });
  WGHUB_CRASH_POINT("reconcile.forgotten");
  if (forgotten) peers_changed();
}

void Reconciler::record(const char* action, const Targets& targets) {
  if (targets.empty()) return;
  const auto recorded = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (targets.size() > kNamedPerPass) {
      audit_.record(t, system_actor(), action, "wg0", {{"count", targets.size()}});
      return Done{};
    }
    for (const auto& [target, detail] : targets) audit_.record(t, system_actor(), action, target, {{"peer", detail}});
    return Done{};
  });
  WGHUB_CRASH_POINT("reconcile.recorded");
  if (!recorded) log::error("a correction could not be written to the audit trail", {{"action", action}});
}

}  // namespace wghub
