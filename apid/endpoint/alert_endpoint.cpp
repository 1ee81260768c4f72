#include "apid/endpoint/alert_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "apid/courier/addresses.h"
#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/service/alert_text.h"
#include "apid/service/identifiers.h"
#include "common/number.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kAddressBytes = 1024;
constexpr std::size_t kWordBytes = 32;
constexpr int kHour = 60;

std::optional<AlertKind> parse_kind(std::string_view text) {
  const auto* const found =
      std::find_if(kAlertKinds.begin(), kAlertKinds.end(), [&](AlertKind kind) { return to_text(kind) == text; });
  return found != kAlertKinds.end() ? std::optional(*found) : std::nullopt;
}

// Nothing when absent.
std::optional<std::vector<AlertKind>> read_kinds(Fields& fields) {
  const auto texts = fields.optional_texts("kinds", kAlertKinds.size(), kWordBytes);
  if (!texts) return std::nullopt;
  std::vector<AlertKind> kinds;
  for (const auto& text : *texts) {
    const auto kind = parse_kind(text);
    if (!kind || std::find(kinds.begin(), kinds.end(), *kind) != kinds.end())
      fields.fault("kinds", "must hold kinds of alerts, each once");
    else
      kinds.push_back(*kind);
  }
  if (texts->empty()) fields.fault("kinds", "must hold at least one kind of alert");
  return kinds;
}

// "07:30" as a minute of the day.
std::optional<int> parse_time_of_day(std::string_view text) {
  int hour = 0;
  int minute = 0;
  const bool has_form = text.size() == 5 && text[2] == ':' && text[0] != '-' && text[3] != '-';
  if (!has_form || !parse_number(text.substr(0, 2), hour) || !parse_number(text.substr(3), minute)) return std::nullopt;
  return hour < 24 && minute < 60 ? std::optional(hour * kHour + minute) : std::nullopt;
}

std::string show_time_of_day(int minute) { return fmt::format("{:02}:{:02}", minute / kHour, minute % kHour); }

Outcome<QuietHours> parse_quiet_hours(const boost::json::object& object) {
  Fields fields(object);
  const auto from = parse_time_of_day(fields.text("from", kWordBytes));
  const auto until = parse_time_of_day(fields.text("until", kWordBytes));
  if (!from) fields.fault("from", "must be a time of day, HH:MM");
  if (!until) fields.fault("until", "must be a time of day, HH:MM");
  if (from && from == until) fields.fault("until", "must not be the same as from");
  if (auto fault = fields.finish()) {
    for (auto& each : fault->faults) each.field.insert(0, "quietHours.");
    return *std::move(fault);
  }
  return QuietHours{*from, *until};
}

// Nothing when absent; null: none.
Outcome<std::optional<std::optional<QuietHours>>> read_quiet_hours(Fields& fields) {
  using Read = std::optional<std::optional<QuietHours>>;
  const auto* const object = fields.optional_object("quietHours");
  if (object == nullptr) return fields.has("quietHours") ? Read(std::optional<QuietHours>()) : Read();
  const auto hours = parse_quiet_hours(*object);
  if (!hours) return hours.error();
  return Read(std::optional(*hours));
}

Outcome<NewAlertTarget> parse_target(const boost::json::object& object) {
  Fields fields(object);
  NewAlertTarget target;
  target.name = fields.text("name", kNameBytes);
  if (!is_display_name(target.name)) fields.fault("name", kNameFault);
  const std::string channel = fields.text("channel", kWordBytes);
  if (channel != "webhook" && channel != "mail") fields.fault("channel", "must be webhook or mail");
  target.channel = channel == "mail" ? AlertChannel::mail : AlertChannel::webhook;
  target.address = Secret(fields.text("address", kAddressBytes));
  target.kinds = read_kinds(fields).value_or(std::vector<AlertKind>(kAlertKinds.begin(), kAlertKinds.end()));
  const auto quiet_hours = read_quiet_hours(fields);
  if (auto fault = fields.finish()) return *std::move(fault);
  if (!quiet_hours) return quiet_hours.error();
  target.quiet_hours = quiet_hours->value_or(std::nullopt);
  return target;
}

Outcome<AlertTargetChange> parse_change(const boost::json::object& object) {
  Fields fields(object);
  AlertTargetChange change;
  if (fields.has("name")) {
    change.name = fields.text("name", kNameBytes);
    if (!is_display_name(*change.name)) fields.fault("name", kNameFault);
  }
  change.kinds = read_kinds(fields);
  change.enabled = fields.optional_boolean("enabled");
  const auto quiet_hours = read_quiet_hours(fields);
  if (object.empty()) fields.fault("name", "kinds, quietHours or enabled is needed");
  if (auto fault = fields.finish()) return *std::move(fault);
  if (!quiet_hours) return quiet_hours.error();
  change.quiet_hours = *quiet_hours;
  return change;
}

boost::json::value time_or_null(const std::optional<std::int64_t>& at) {
  return at ? boost::json::value(http::to_timestamp(*at)) : boost::json::value();
}

boost::json::object encode_target(const AlertTarget& target) {
  boost::json::array kinds;
  for (const auto kind : target.kinds) kinds.emplace_back(to_text(kind));
  boost::json::value quiet_hours;
  if (target.quiet_hours)
    quiet_hours = {{"from", show_time_of_day(target.quiet_hours->from)},
                   {"until", show_time_of_day(target.quiet_hours->until)}};
  const bool is_failing = target.failing_since.has_value();
  return {{"id", target.id},
          {"name", target.name},
          {"channel", to_text(target.channel)},
          {"address", shown_address(target)},
          {"kinds", std::move(kinds)},
          {"quietHours", std::move(quiet_hours)},
          {"enabled", target.enabled},
          {"createdAt", http::to_timestamp(target.created_at)},
          {"lastDeliveredAt", time_or_null(target.last_delivered_at)},
          {"failingSince", time_or_null(target.failing_since)},
          {"lastError", is_failing ? boost::json::value(target.last_error) : boost::json::value()}};
}

}  // namespace

http::Response AlertEndpoint::list(const http::Request& request) {
  Query query(request);
  const PageRequest page = query.page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  return answer(alerts_.list(page), request, 200, [](const Page<Alert>& alerts) {
    boost::json::array array;
    for (const auto& alert : alerts.items) array.push_back(to_json(alert));
    return boost::json::object{{"alerts", std::move(array)}, {"nextCursor", encode_cursor(alerts.next)}};
  });
}

http::Response AlertEndpoint::list_targets(const http::Request& request) {
  return answer(alerts_.targets(), request, 200, [&](const std::vector<AlertTarget>& targets) {
    boost::json::array array;
    for (const auto& target : targets) array.push_back(encode_target(target));
    return boost::json::object{
        {"targets", std::move(array)}, {"totalCount", targets.size()}, {"hubTime", show_time_of_day(minute_of_day_())}};
  });
}

http::Response AlertEndpoint::create(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto wanted = parse_target(*body);
  if (!wanted) return http::render_json_error(wanted.error(), request);
  return answer(alerts_.create(*wanted, actor_of(request)), request, 201, [](const AlertTarget& target) {
    const auto key = target.signing_key.reveal();
    return boost::json::object{{"target", encode_target(target)},
                               {"signingKey", key.empty() ? boost::json::value() : boost::json::value(key)}};
  });
}

http::Response AlertEndpoint::update(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto change = parse_change(*body);
  if (!change) return http::render_json_error(change.error(), request);
  const auto changed = alerts_.update(request.parameters[0], *change, actor_of(request));
  return answer(changed, request, 200, [](const AlertTarget& target) {
    return boost::json::object{{"success", true}, {"target", encode_target(target)}};
  });
}

http::Response AlertEndpoint::remove(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(alerts_.remove(request.parameters[0], actor_of(request)), request,
                     "Alert target removed successfully");
}

http::Response AlertEndpoint::test(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(alerts_.test(request.parameters[0], actor_of(request)), request, "Test message delivered");
}

}  // namespace wghub::endpoint
