#include "apid/service/alert_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>
#include <utility>

#include "common/number.h"

namespace wghub {
namespace {

constexpr std::size_t kMostLines = 50;
constexpr std::size_t kMostAlerts = 200;  // in a webhook's JSON

std::string timestamp(std::int64_t at) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at)); }

// "65 s", "12 min", "3 h 5 min", "2 d 3 h".
std::string duration_of(const std::string& text) {
  std::int64_t seconds = 0;
  if (!parse_number(text, seconds)) return "some time";
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3600);
}

std::string text_of_alarm(const Alert& alert) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> sentences = {{
      {"second-key", "A second machine tried to use the command of a spoke"},
      {"foreign-peer", "The interface had a peer that no spoke has"},
      {"node-conflict", "Two machines say that they are the same node of a cluster"},
      {"mass-removal", "Many spokes were removed within minutes"},
      {"clock-ahead", "The hub's clock was set forward"},
      {"clock-behind", "The hub's clock was set back"},
      {"signature-mismatch", "A machine was given a WireGuard package that its makers did not sign"},
  }};
  const auto* const found = std::find_if(sentences.begin(), sentences.end(),
                                         [&](const auto& sentence) { return sentence.first == alert.reason; });
  const std::string sentence = found != sentences.end() ? std::string(found->second) : alert.reason;
  return fmt::format("Alarm: {}{}{}.", sentence, alert.name.empty() ? "" : ": ", alert.name);
}

std::string text_of_certificate(const Alert& alert) {
  if (alert.reason == "0") return fmt::format("The certificate of {} has ended.", alert.subject);
  return fmt::format("The certificate of {} ends in {} days.", alert.subject, alert.reason);
}

// What mail programs show before the mail is opened. ASCII: names are only in it when they are that.
std::string subject_of(const std::vector<Alert>& alerts, const std::string& hub) {
  const auto is_plain = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  };
  const std::string text = text_of(alerts.front());
  if (alerts.size() == 1 && is_plain(text) && text.size() <= 100) return fmt::format("[{}] {}", hub, text);
  constexpr std::array<std::string_view, kAlertKinds.size()> words = {"down", "back", "failed installations", "alarms",
                                                                      "certificates"};
  std::string counts;
  for (std::size_t i = 0; i < kAlertKinds.size(); ++i) {
    const auto number = std::count_if(alerts.begin(), alerts.end(),
                                      [&](const Alert& alert) { return alert.kind == kAlertKinds.at(i); });
    if (number > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", number, words.at(i));
  }
  return fmt::format("[{}] {}", hub, counts);
}

Message finish(Message message, const std::string& hub, const std::string& type, boost::json::array alerts,
               std::int64_t now) {
  message.json = boost::json::serialize(boost::json::object{
      {"type", type}, {"hub", hub}, {"at", timestamp(now)}, {"text", message.text}, {"alerts", std::move(alerts)}});
  return message;
}

}  // namespace

std::string text_of(const Alert& alert) {
  switch (alert.kind) {
    case AlertKind::spoke_down:
      return fmt::format("{} is down: nothing was heard of it for {}.", alert.name, duration_of(alert.reason));
    case AlertKind::spoke_up:
      return fmt::format("{} is back after {}.", alert.name, duration_of(alert.reason));
    case AlertKind::install_failed:
      return fmt::format("The installation on {} failed: {}.", alert.name, alert.reason);
    case AlertKind::alarm:
      return text_of_alarm(alert);
    case AlertKind::certificate:
      return text_of_certificate(alert);
  }
  return "";
}

boost::json::object to_json(const Alert& alert) {
  return {{"id", alert.number},     {"at", timestamp(alert.at)}, {"kind", to_text(alert.kind)},
          {"reason", alert.reason}, {"subject", alert.subject},  {"name", alert.name},
          {"text", text_of(alert)}};
}

Message compose(const std::vector<Alert>& alerts, const std::string& hub, std::int64_t now) {
  Message message;
  message.subject = subject_of(alerts, hub);
  message.text = fmt::format("WireGuard Hub {}\n\n", hub);
  boost::json::array objects;
  for (std::size_t i = 0; i < alerts.size(); ++i) {
    if (i < kMostLines)
      message.text += fmt::format("{:%Y-%m-%d %H:%M:%S} UTC  {}\n", fmt::gmtime(alerts[i].at), text_of(alerts[i]));
    if (i < kMostAlerts) objects.push_back(to_json(alerts[i]));
  }
  if (alerts.size() > kMostLines)
    message.text += fmt::format("… and {} more: see the hub's page of alerts.\n", alerts.size() - kMostLines);
  return finish(std::move(message), hub, "alerts", std::move(objects), now);
}

Message compose_test(const std::string& hub, std::int64_t now) {
  Message message;
  message.subject = fmt::format("[{}] Test of alerts", hub);
  message.text = fmt::format("WireGuard Hub {}\n\nThis is a test: alerts of this hub arrive here.\n", hub);
  return finish(std::move(message), hub, "test", {}, now);
}

}  // namespace wghub
