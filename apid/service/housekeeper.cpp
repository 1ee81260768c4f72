#include "apid/service/housekeeper.h"

#include <chrono>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::chrono::seconds kRound{20};
constexpr int kRoundsBetweenSweeps = 45;  // sessions and old tokens: every quarter of an hour

}  // namespace

Housekeeper::Housekeeper(AuditTrail& audit, AccountService& accounts, TokenService& tokens, StatusTracker& tracker,
                         std::int64_t retention)
    : audit_(audit), accounts_(accounts), tokens_(tokens), tracker_(tracker), retention_(retention) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::start() {
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
  tracker_.flush();
  audit_.flush_denials(AuditTrail::Flush::everything);
}

void Housekeeper::run() {
  for (int round = 0;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kRound, [&] { return stopping_; })) return;
    }
    try {
      audit_.flush_denials(AuditTrail::Flush::finished_minutes);
      if (round % kRoundsBetweenSweeps != 0) continue;
      accounts_.end_old_sessions();
      tokens_.prune(retention_);
    } catch (const std::exception& fault) {
      log::error("housekeeping failed", {{"reason", fault.what()}});
    }
  }
}

}  // namespace wghub
