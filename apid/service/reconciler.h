// Keeps the interface as the database says, and live status fresh: one thread, a pass every 5 s and when woken (D15).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/hub.h"
#include "apid/service/alert_watch.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/peer_locks.h"
#include "apid/service/reconcile_plan.h"
#include "apid/service/spoke_service.h"
#include "apid/service/status_tracker.h"

namespace wghub {

enum class ForeignPeers { remove, keep };

/// What the reconciler works with.
struct ReconcilerSurroundings {
  Helper& helper;
  SpokeService& spokes;
  StatusTracker& tracker;
  AlertWatch& alerts;
  PeerLocks& locks;
  EventSink& events;
};

class Reconciler {
 public:
  Reconciler(Stores& stores, AuditTrail& audit, ReconcilerSurroundings surroundings, ForeignPeers foreign,
             std::uint32_t mtu, Clock clock);
  ~Reconciler();

  void start();
  void stop();
  /// A pass soon: the link changed, or the helper came back.
  void wake();
  /// The wanted peers in the database are not what they were.
  void peers_changed() { ++version_; }

  enum class Health { good, helper_unavailable };
  /// Whether the helper answered the last time, and within the last 15 s.
  Health health() const;

  /// How long ago the last pass was that the helper answered to its end; nothing when it did not answer since.
  std::optional<std::int64_t> seconds_since_pass() const;

  /// Corrections since the start.
  ReconcileResult totals() const;

 private:
  /// What was corrected and how, for the audit trail.
  using Targets = std::vector<std::pair<std::string, std::string>>;

  void run();
  /// Whether another pass should follow after a second.
  bool pass();
  std::optional<StatusSnapshot> take_snapshot(const HubConfig& hub);
  /// Nothing when the database cannot be read.
  std::shared_ptr<const PeerTable> read_rows();
  ReconcileResult apply(const ReconcilePlan& plan);
  void sum_up(const ReconcileResult& result);
  void remove_foreign(const ReconcilePlan& plan, ReconcileResult& result);
  void remove_ours(const ReconcilePlan& plan, ReconcileResult& result);
  /// Whether the removal has ended by this call.
  bool end_removal(const PeerRow& row, ReconcileResult& result);
  void add(const RowList& rows, const char* action, int& count, ReconcileResult& result);
  void add_some(std::span<const PeerRow* const> rows, Targets& done, ReconcileResult& result);
  bool is_current(const PeerRow& row);
  void forget_replaced(const RowList& rows);
  /// Gives the engine every wanted peer once more; false when it did not take all.
  bool tell_all(const PeerTable& table);
  void record(const char* action, const Targets& targets);
  bool is_stopping() const;

  Stores& stores_;
  AuditTrail& audit_;
  ReconcilerSurroundings around_;
  ForeignPeers foreign_;
  std::uint32_t mtu_;
  Clock clock_;

  std::atomic<std::uint64_t> version_{1};
  std::uint64_t rows_version_ = 0;
  std::shared_ptr<const PeerTable> table_;
  std::set<PublicKey> suspects_;
  std::set<PublicKey> reported_foreign_;
  std::uint64_t told_generation_ = 0;  // of the engine that was given all
  std::atomic<std::int64_t> healthy_at_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  ReconcileResult totals_;
  std::thread thread_;
};

}  // namespace wghub
