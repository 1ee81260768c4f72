#include "apid/endpoint/event_endpoint.h"

#include <boost/json/serialize.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/service/alert_text.h"
#include "common/number.h"

namespace wghub::endpoint {
namespace {

boost::json::object encode_subject(const std::monostate& /*nothing*/) { return {}; }
boost::json::object encode_subject(const Token& token) { return {{"token", encode(token, token.state)}}; }
boost::json::object encode_subject(const Spoke& spoke) { return {{"spoke", encode(spoke)}}; }
boost::json::object encode_subject(const InstallReport& report) {
  auto object = encode(report);
  object["tokenId"] = report.token_id;
  return {{"report", std::move(object)}};
}
boost::json::object encode_subject(const ReconcileResult& result) {
  return {{"reconcile", {{"added", result.added}, {"removed", result.removed}, {"corrected", result.corrected}}}};
}
boost::json::object encode_subject(const Alarm& alarm) {
  return {{"alarm", {{"kind", alarm.kind}, {"target", alarm.target}, {"text", alarm.text}}}};
}
boost::json::object encode_subject(const Alert& alert) { return {{"alert", to_json(alert)}}; }
boost::json::object encode_subject(const Cluster& cluster) { return {{"cluster", encode(cluster)}}; }
boost::json::object encode_subject(const HubConfig& hub) { return {{"hubConfig", encode(hub)}}; }

boost::json::object encode_subject(const LiveFigures& figures) {
  boost::json::array spokes;
  spokes.reserve(figures.spokes.size());
  for (const auto& [id, values] : figures.spokes)
    spokes.push_back({{"id", id},
                      {"lastHandshake", http::to_timestamp(values.last_handshake.value_or(0))},
                      {"transferRx", values.transfer_rx},
                      {"transferTx", values.transfer_tx}});
  return {{"receivedBytes", figures.received_bytes}, {"sentBytes", figures.sent_bytes}, {"spokes", std::move(spokes)}};
}

std::optional<std::uint64_t> to_event_id(const std::string& text) {
  std::uint64_t id = 0;
  return parse_number(text, id) ? std::optional(id) : std::nullopt;
}

}  // namespace

http::Response EventEndpoint::stream(const http::Request& request) {
  Query query(request);
  const bool live = query.word("live", {"true"}).has_value();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  http::Response response;
  response.content_type = "text/event-stream";
  response.events = http::EventSubscription{request.caller.credential_id, to_event_id(request.last_event_id), live};
  return response;
}

void EventEncoder::publish(const Event& event) {
  const auto object = std::visit([](const auto& subject) { return encode_subject(subject); }, event.subject);
  std::string text = boost::json::serialize(object);
  const std::string_view inside = std::string_view(text).substr(1, text.size() - 2);
  if (std::holds_alternative<LiveFigures>(event.subject))
    broadcaster_.publish_live(event.type, http::to_timestamp(event.at), inside);
  else
    broadcaster_.publish(event.type, http::to_timestamp(event.at), inside);
}

void EventEncoder::end_credential(const std::string& credential_id) { broadcaster_.end(credential_id); }

}  // namespace wghub::endpoint
