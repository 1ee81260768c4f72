#include "apid/service/alert_sender.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "apid/service/alert_service.h"
#include "apid/service/alert_text.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::chrono::seconds kRound{2};
constexpr std::int64_t kGatherSeconds = 3;  // without anything new, then what came together is one message
constexpr std::int64_t kLongestGatherSeconds = 10;
constexpr std::int64_t kPauseSeconds = 20;       // between two messages to one target
constexpr std::int64_t kFirstRetrySeconds = 10;  // doubled each time
constexpr std::int64_t kLastRetrySeconds = 15 * 60;
constexpr std::int64_t kTooOldSeconds = 3 * 24 * 60 * 60;
constexpr std::int64_t kKeptSeconds = 30 * 24 * 60 * 60;
constexpr std::int64_t kHouseSeconds = 60 * 60;
constexpr std::int64_t kMostAtOnce = 1000;

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t retry_seconds(int failures) {
  const int doublings = std::min(failures - 1, 10);
  return std::min(kFirstRetrySeconds << doublings, kLastRetrySeconds);
}

// What waits for a target.
struct Waiting {
  std::int64_t now = 0;  // the database's
  std::vector<Alert> alerts;
  std::int64_t last = 0;  // number of the newest, also of those that it does not want
};

Outcome<Waiting> find_waiting(Stores& stores, const AlertTarget& target) {
  return stores.database.read<Waiting>([&](store::Transaction& t) -> Outcome<Waiting> {
    Waiting waiting{store::now_of(t), stores.alerts.after(t, target.told_until, kMostAtOnce), target.told_until};
    if (!waiting.alerts.empty()) waiting.last = waiting.alerts.back().number;
    std::erase_if(waiting.alerts, [&](const Alert& alert) {
      const bool is_wanted = std::find(target.kinds.begin(), target.kinds.end(), alert.kind) != target.kinds.end();
      return !is_wanted || alert.at < waiting.now - kTooOldSeconds;
    });
    return waiting;
  });
}

bool may_grow(const Waiting& waiting) {
  return waiting.alerts.back().at > waiting.now - kGatherSeconds &&
         waiting.alerts.front().at > waiting.now - kLongestGatherSeconds;
}

}  // namespace

AlertSender::AlertSender(Stores& stores, AlertSenderSurroundings surroundings)
    : stores_(stores), around_(std::move(surroundings)) {
  const auto newest = stores_.database.read<std::int64_t>(
      [&](store::Transaction& t) -> Outcome<std::int64_t> { return stores_.alerts.newest(t); });
  if (newest) published_until_ = *newest;
}

AlertSender::~AlertSender() { stop(); }

void AlertSender::start() {
  thread_ = std::thread([this] { run(); });
}

void AlertSender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  around_.courier.stop();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AlertSender::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

bool AlertSender::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void AlertSender::run() {
  next_house_ = steady_seconds() + kRound.count();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kRound, [&] { return stopping_ || woken_; });
      if (stopping_) return;
      woken_ = false;
    }
    try {
      round(steady_seconds());
    } catch (const std::exception& fault) {
      log::error("sending alerts failed", {{"reason", fault.what()}});
    }
  }
}

void AlertSender::round(std::int64_t steady) {
  keep_house(steady);
  publish_new();
  using Targets = std::vector<AlertTarget>;
  auto targets = stores_.database.read<Targets>(
      [&](store::Transaction& t) -> Outcome<Targets> { return stores_.alert_targets.list(t); });
  if (!targets) return;
  std::erase_if(paces_, [&](const auto& pace) {
    return std::none_of(targets->begin(), targets->end(), [&](const auto& target) { return target.id == pace.first; });
  });
  // One that cannot be reached takes seconds: the others go first.
  std::stable_partition(targets->begin(), targets->end(), [](const auto& target) { return !target.failing_since; });
  for (auto& target : *targets) {
    if (is_stopping()) return;
    if (target.enabled) attend(std::move(target), steady);
  }
}

void AlertSender::keep_house(std::int64_t steady) {
  if (steady < next_house_) return;
  next_house_ = steady + kHouseSeconds;
  around_.certificates.look();
  const auto pruned = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.alerts.prune(t, store::now_of(t) - kKeptSeconds);
    return Done{};
  });
  if (!pruned) log::warning("old alerts could not be taken away; they will be in an hour");
}

void AlertSender::publish_new() {
  using Alerts = std::vector<Alert>;
  const auto fresh = stores_.database.read<Alerts>(
      [&](store::Transaction& t) -> Outcome<Alerts> { return stores_.alerts.after(t, published_until_, kMostAtOnce); });
  if (!fresh) return;
  for (const auto& alert : *fresh) {
    published_until_ = alert.number;
    around_.events.publish({"alert", alert.at, alert});
  }
}

void AlertSender::attend(AlertTarget target, std::int64_t steady) {
  auto& pace = paces_[target.id];
  if (steady < pace.next_try) return;
  const auto waiting = find_waiting(stores_, target);
  if (!waiting || waiting->last == target.told_until) return;
  if (target.quiet_hours && target.quiet_hours->contains(around_.minute_of_day(waiting->now))) return;
  if (!waiting->alerts.empty()) {
    if (may_grow(*waiting)) return;
    const auto message = compose(waiting->alerts, hub_name(stores_, around_.hub_name), waiting->now);
    const auto fault = around_.courier.deliver(target, message);
    if (is_stopping() && fault) return;
    if (fault) {
      pace.next_try = steady + retry_seconds(++pace.failures);
      log::warning("an alert was not delivered; it will be tried again", {{"target", target.id}, {"reason", *fault}});
      if (!target.failing_since) target.failing_since = waiting->now;
      target.last_error = *fault;
      save(target);
      return;
    }
    pace = {steady + kPauseSeconds, 0};
    log::info("alerts were delivered", {{"target", target.id}, {"alerts", std::int64_t(waiting->alerts.size())}});
    target.last_delivered_at = waiting->now;
  }
  target.failing_since.reset();
  target.last_error.clear();
  target.told_until = waiting->last;
  save(target);
}

void AlertSender::save(const AlertTarget& target) {
  const auto saved = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.alert_targets.save_progress(t, target);
    return Done{};
  });
  if (!saved) log::warning("how far a target was told could not be stored", {{"target", target.id}});
}

}  // namespace wghub
