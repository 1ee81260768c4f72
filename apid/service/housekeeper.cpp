#include "apid/service/housekeeper.h"

#include <chrono>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::chrono::seconds kRound{5};
constexpr int kRoundsBetweenSweeps = 180;  // old tokens: every quarter of an hour
constexpr int kRoundsBetweenEnds = 6;      // sessions and API tokens that are over

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Housekeeper::Housekeeper(Stores& stores, HousekeeperSurroundings surroundings, Clock clock, std::int64_t retention)
    : stores_(stores),
      around_(surroundings),
      clock_(std::move(clock)),
      watch_(stores.database.highest_time()),
      retention_(retention) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::start() {
  watch_clock();  // before anything can jump
  thread_ = std::thread([this] { run(); });
}

void Housekeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  around_.tracker.flush();
  around_.audit.flush_denials(AuditTrail::Flush::everything);
}

void Housekeeper::run() {
  for (int round = 0;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kRound, [&] { return stopping_; })) return;
    }
    try {
      watch_clock();
      around_.audit.flush_denials(AuditTrail::Flush::finished_minutes);
      around_.tokens.count_expired();
      if (round % kRoundsBetweenEnds == 0) {
        around_.people.sessions.end_over();
        around_.people.api_tokens.end_expired();
      }
      if (round % kRoundsBetweenSweeps == 0) around_.tokens.prune(retention_);
    } catch (const std::exception& fault) {
      log::error("housekeeping failed", {{"reason", fault.what()}});
    }
  }
}

// The database's time, not the clock's: a clock that was ahead for a moment may have left its reading there.
void Housekeeper::watch_clock() {
  const auto now = stores_.database.read<std::int64_t>(
      [](store::Transaction& t) -> Outcome<std::int64_t> { return store::now_of(t); });
  if (!now) return;
  ClockWatch watch = watch_;
  const auto alarm = watch.look(*now, clock_(), steady_seconds());
  if (alarm) {
    log::warning("the clock was set", {{"kind", alarm->kind}, {"what", alarm->text}});
    const auto recorded = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
      around_.audit.record(t, system_actor(), "alarm." + alarm->kind, alarm->target, {{"text", alarm->text}});
      return Done{};
    });
    if (!recorded) return;  // the next look sees the same again
    around_.events.publish({"alarm", *now, *alarm});
  }
  watch_ = watch;
}

}  // namespace wghub
