#include "apid/endpoint/event_endpoint.h"

#include <boost/json/serialize.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
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
boost::json::object encode_subject(const Cluster& cluster) { return {{"cluster", encode(cluster)}}; }
boost::json::object encode_subject(const HubConfig& hub) { return {{"hubConfig", encode(hub)}}; }

std::optional<std::uint64_t> to_event_id(const std::string& text) {
  std::uint64_t id = 0;
  return parse_number(text, id) ? std::optional(id) : std::nullopt;
}

}  // namespace

http::Response EventEndpoint::stream(const http::Request& request) {
  http::Response response;
  response.content_type = "text/event-stream";
  response.events = http::EventSubscription{request.caller.credential_id, to_event_id(request.last_event_id)};
  return response;
}

void EventEncoder::publish(const Event& event) {
  const auto object = std::visit([](const auto& subject) { return encode_subject(subject); }, event.subject);
  std::string text = boost::json::serialize(object);
  broadcaster_.publish(event.type, http::to_timestamp(event.at), text.substr(1, text.size() - 2));
}

void EventEncoder::end_credential(const std::string& credential_id) { broadcaster_.end(credential_id); }

}  // namespace wghub::endpoint
