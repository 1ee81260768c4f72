// What was worth telling, and where it is told: the list of alerts, the targets, a test of one. Sending what happens is
// AlertSender's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/courier/courier.h"
#include "apid/model/alert.h"
#include "apid/model/page.h"
#include "apid/service/audit_trail.h"
#include "apid/service/limiter.h"
#include "common/error.h"

namespace wghub {

inline constexpr std::size_t kMostAlertTargets = 20;

struct NewAlertTarget {
  std::string name;
  AlertChannel channel = AlertChannel::webhook;
  Secret address;
  std::vector<AlertKind> kinds;
  std::optional<QuietHours> quiet_hours;
};

/// What is not given stays.
struct AlertTargetChange {
  std::optional<std::string> name;
  std::optional<std::vector<AlertKind>> kinds;
  std::optional<std::optional<QuietHours>> quiet_hours;
  std::optional<bool> enabled;
};

/// How people call this hub: configured, else the name in its endpoint.
std::string hub_name(Stores& stores, const std::string& configured);

class AlertService {
 public:
  /// What it is told by root's configuration. hub_name: empty: see there.
  struct Settings {
    bool clear_webhooks = false;  ///< http:// may be had; where it may lead is the courier's
    std::string hub_name;
  };
  AlertService(Stores& stores, AuditTrail& audit, Courier& courier, Clock clock, RandomBytes random, Settings settings);

  Outcome<Page<Alert>> list(const PageRequest& page);
  Outcome<std::vector<AlertTarget>> targets();
  /// It is told what happens from now on. The signing key of a webhook is in it. Errors: ALERT_TARGETS_FULL,
  /// INVALID_REQUEST with field address.
  Outcome<AlertTarget> create(const NewAlertTarget& wanted, const Actor& actor);
  /// Errors, here and below: NOT_FOUND.
  Outcome<AlertTarget> update(const std::string& id, const AlertTargetChange& change, const Actor& actor);
  Outcome<Done> remove(const std::string& id, const Actor& actor);
  /// Sends a message and waits for it. Errors: RATE_LIMITED, ALERT_NOT_DELIVERED with the reason.
  Outcome<Done> test(const std::string& id, const Actor& actor);

 private:
  Stores& stores_;
  AuditTrail& audit_;
  Courier& courier_;
  Clock clock_;
  RandomBytes random_;
  Settings settings_;
  Limiter tests_;
};

}  // namespace wghub
