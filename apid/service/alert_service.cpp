#include "apid/service/alert_service.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "apid/courier/addresses.h"
#include "apid/service/alert_text.h"
#include "apid/service/identifiers.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::size_t kTests = 10;
constexpr std::chrono::seconds kTestWindow{600};
constexpr std::string_view kKeyPrefix = "whs_";

std::optional<Error> fault_of(const NewAlertTarget& wanted, bool clear_webhooks) {
  const auto address = wanted.address.reveal();
  std::string message;
  if (wanted.channel == AlertChannel::mail) {
    if (!is_mail_address(address)) message = "must be a mail address of ASCII, e.g. oncall@example.net";
  } else if (!is_webhook(address)) {
    message = "must be an https URL without user and password";
  } else if (address.starts_with("http://") && !clear_webhooks) {
    message = "must be an https URL: http goes only to networks that root's configuration allows";
  }
  if (message.empty()) return std::nullopt;
  Error error(ErrorCode::invalid_request, "address " + message + ".");
  error.faults.push_back({"address", std::move(message)});
  return error;
}

// Its host and no more: the rest may be a secret.
boost::json::object describe(const AlertTarget& target) {
  return {{"name", target.name}, {"channel", to_text(target.channel)}, {"address", shown_address(target)}};
}

}  // namespace

std::string hub_name(Stores& stores, const std::string& configured) {
  if (!configured.empty()) return configured;
  const auto hub = stores.database.read<std::optional<HubConfig>>(
      [&](store::Transaction& t) -> Outcome<std::optional<HubConfig>> { return stores.hub.find(t); });
  if (hub && *hub) return (*hub)->endpoint.substr(0, (*hub)->endpoint.rfind(':'));
  std::array<char, 256> machine{};
  return gethostname(machine.data(), machine.size() - 1) == 0 ? machine.data() : "hub";
}

AlertService::AlertService(Stores& stores, AuditTrail& audit, Courier& courier, Clock clock, RandomBytes random,
                           Settings settings)
    : stores_(stores),
      audit_(audit),
      courier_(courier),
      clock_(std::move(clock)),
      random_(std::move(random)),
      settings_(std::move(settings)),
      tests_(kTests, kTestWindow) {}

Outcome<Page<Alert>> AlertService::list(const PageRequest& page) {
  return stores_.database.read<Page<Alert>>(
      [&](store::Transaction& t) -> Outcome<Page<Alert>> { return stores_.alerts.list(t, page); });
}

Outcome<std::vector<AlertTarget>> AlertService::targets() {
  using Targets = std::vector<AlertTarget>;
  return stores_.database.read<Targets>(
      [&](store::Transaction& t) -> Outcome<Targets> { return stores_.alert_targets.list(t); });
}

Outcome<AlertTarget> AlertService::create(const NewAlertTarget& wanted, const Actor& actor) {
  if (auto fault = fault_of(wanted, settings_.clear_webhooks)) return *std::move(fault);
  AlertTarget target;
  target.id = make_uuid(random_, clock_());
  target.name = wanted.name;
  target.channel = wanted.channel;
  target.address = wanted.address;
  target.kinds = wanted.kinds;
  target.quiet_hours = wanted.quiet_hours;
  if (target.channel == AlertChannel::webhook)
    target.signing_key = Secret(std::string(kKeyPrefix).append(make_secret(random_).reveal()));
  return stores_.database.write<AlertTarget>([&](store::Transaction& t) -> Outcome<AlertTarget> {
    if (stores_.alert_targets.list(t).size() >= kMostAlertTargets) return ErrorCode::alert_targets_full;
    target.created_at = store::now_of(t);
    target.told_until = stores_.alerts.newest(t);
    stores_.alert_targets.insert(t, target);
    audit_.record(t, actor, "alert-target.created", target.id, describe(target));
    return target;
  });
}

Outcome<AlertTarget> AlertService::update(const std::string& id, const AlertTargetChange& change, const Actor& actor) {
  return stores_.database.write<AlertTarget>([&](store::Transaction& t) -> Outcome<AlertTarget> {
    auto target = stores_.alert_targets.find(t, id);
    if (!target) return ErrorCode::not_found;
    const bool was_enabled = target->enabled;
    target->name = change.name.value_or(target->name);
    target->kinds = change.kinds.value_or(target->kinds);
    target->quiet_hours = change.quiet_hours.value_or(target->quiet_hours);
    target->enabled = change.enabled.value_or(target->enabled);
    if (target->enabled && !was_enabled) target->told_until = stores_.alerts.newest(t);
    stores_.alert_targets.save_settings(t, *target);
    auto details = describe(*target);
    details["enabled"] = target->enabled;
    audit_.record(t, actor, "alert-target.updated", id, details);
    return *std::move(target);
  });
}

Outcome<Done> AlertService::remove(const std::string& id, const Actor& actor) {
  return stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto target = stores_.alert_targets.find(t, id);
    if (!target || !stores_.alert_targets.remove(t, id)) return ErrorCode::not_found;
    audit_.record(t, actor, "alert-target.removed", id, describe(*target));
    return Done{};
  });
}

Outcome<Done> AlertService::test(const std::string& id, const Actor& actor) {
  using Found = std::optional<AlertTarget>;
  const auto found = stores_.database.read<Found>(
      [&](store::Transaction& t) -> Outcome<Found> { return stores_.alert_targets.find(t, id); });
  if (!found) return found.error();
  if (!*found) return ErrorCode::not_found;
  if (const auto wait = tests_.take(actor.account_id, clock_())) {
    Error error(ErrorCode::rate_limited);
    error.retry_after = wait;
    return error;
  }
  const auto& target = **found;
  const auto fault = courier_.deliver(target, compose_test(hub_name(stores_, settings_.hub_name), clock_()));
  const auto recorded = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    audit_.record(t, actor, "alert-target.tested", id, {{"delivered", !fault.has_value()}});
    return Done{};
  });
  if (!recorded) return recorded.error();
  if (!fault) return Done{};
  log::info("a test message was not delivered", {{"target", id}, {"reason", *fault}});
  return Error(ErrorCode::alert_not_delivered, "The message was not taken: " + *fault + ".");
}

}  // namespace wghub
