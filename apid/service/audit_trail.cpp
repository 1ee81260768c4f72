#include "apid/service/audit_trail.h"

#include <boost/json/serialize.hpp>
#include <utility>

#include "apid/service/limiter.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::size_t kEventsPerMinute = 200;
constexpr std::string_view kAlarm = "alarm.";

AuditEvent make_event(const Actor& actor, std::string action, std::string target, const boost::json::object& details) {
  AuditEvent event;
  event.actor = actor;
  event.action = std::move(action);
  event.target = std::move(target);
  event.details = boost::json::serialize(details);
  return event;
}

}  // namespace

Actor system_actor() {
  Actor actor;
  actor.name = "system";
  return actor;
}

AuditTrail::AuditTrail(Stores& stores, Clock clock) : stores_(stores), clock_(std::move(clock)) {}

void AuditTrail::record(store::Transaction& transaction, const Actor& actor, std::string action, std::string target,
                        const boost::json::object& details) {
  AuditEvent event = make_event(actor, std::move(action), std::move(target), details);
  event.outcome = "success";
  append(transaction, std::move(event), details);
}

void AuditTrail::record_denied(store::Transaction& transaction, const Actor& actor, std::string action,
                               std::string target, const boost::json::object& details) {
  AuditEvent event = make_event(actor, std::move(action), std::move(target), details);
  event.outcome = "denied";
  append(transaction, std::move(event), details);
}

// What raises an alarm is worth telling people who do not look.
void AuditTrail::append(store::Transaction& transaction, AuditEvent event, const boost::json::object& details) {
  if (event.action.starts_with(kAlarm)) {
    const auto* const name = details.if_contains("spokeName");
    const bool named = name != nullptr && name->is_string();
    stores_.alerts.append(transaction, {0, 0, AlertKind::alarm, event.action.substr(kAlarm.size()), event.target,
                                        named ? std::string(name->get_string()) : ""});
  }
  stores_.audit.append(transaction, std::move(event));
}

void AuditTrail::count_denial(const Actor& actor, std::string_view code) {
  const std::lock_guard lock(mutex_);
  const std::array key = {limiter_key(actor.source_address), std::string(code), actor.id};
  const auto known = denials_.find(key);
  if (known == denials_.end() && denials_.size() >= kEventsPerMinute) return;
  auto& sum = denials_[key];
  if (sum.count == 0) sum.minute = clock_() / 60;
  ++sum.count;
  sum.last = actor;
}

void AuditTrail::flush_denials(Flush flush) {
  std::map<std::array<std::string, 3>, Denials> due;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t minute = clock_() / 60;
    for (auto item = denials_.begin(); item != denials_.end();) {
      const auto here = item++;
      if (flush == Flush::everything || here->second.minute != minute) due.insert(denials_.extract(here));
    }
  }
  if (due.empty()) return;
  const auto written = stores_.database.write<Done>([&](store::Transaction& transaction) -> Outcome<Done> {
    for (const auto& [key, sum] : due)
      record_denied(transaction, sum.last, "auth.denied", key[0], {{"code", key[1]}, {"count", sum.count}});
    return Done{};
  });
  if (!written) log::warning("denials could not be written to the audit trail", {{"sums", std::int64_t(due.size())}});
}

}  // namespace wghub
