// What is worth telling somebody who does not look at the dashboard, and who is told.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/secret.h"

namespace wghub {

enum class AlertKind { spoke_down, spoke_up, install_failed, alarm, certificate };

inline constexpr std::array kAlertKinds = {AlertKind::spoke_down, AlertKind::spoke_up, AlertKind::install_failed,
                                           AlertKind::alarm, AlertKind::certificate};

constexpr std::string_view to_text(AlertKind kind) {
  switch (kind) {
    case AlertKind::spoke_down:
      return "spoke-down";
    case AlertKind::spoke_up:
      return "spoke-up";
    case AlertKind::install_failed:
      return "install-failed";
    case AlertKind::alarm:
      return "alarm";
    case AlertKind::certificate:
      return "certificate";
  }
  return "";
}

/// Something that happened. Units: epoch seconds.
struct Alert {
  std::int64_t number = 0;  ///< given by the store, growing by one, and so is at
  std::int64_t at = 0;
  AlertKind kind = AlertKind::alarm;
  std::string
      reason;  ///< down, up: seconds of silence; installation: its code; alarm: its kind; certificate: days left
  std::string subject;  ///< id of the spoke, of the token, of what an alarm is about; where a certificate is served
  std::string name;     ///< of the spoke; may be empty
};

enum class AlertChannel { webhook, mail };

constexpr std::string_view to_text(AlertChannel channel) {
  return channel == AlertChannel::webhook ? "webhook" : "mail";
}

/// A part of the day, in the hub's own time; over midnight when until is before from. Units: minutes of the day.
struct QuietHours {
  int from = 0;
  int until = 0;

  bool contains(int minute) const {
    return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
  }
};

/// Who is told, and how far. Units: epoch seconds.
struct AlertTarget {
  std::string id;  ///< UUID
  std::string name;
  AlertChannel channel = AlertChannel::webhook;
  Secret address;      ///< a URL, in which there may be a secret, or a mail address
  Secret signing_key;  ///< of a webhook
  std::vector<AlertKind> kinds;
  std::optional<QuietHours> quiet_hours;
  bool enabled = true;
  std::int64_t created_at = 0;
  std::int64_t told_until = 0;  ///< number of the newest alert that it was told or need not be
  std::optional<std::int64_t> last_delivered_at;
  std::optional<std::int64_t> failing_since;
  std::string last_error;
};

}  // namespace wghub
