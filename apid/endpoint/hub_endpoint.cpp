#include "apid/endpoint/hub_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"

namespace wghub::endpoint {
namespace {

constexpr std::int64_t kDefaultPort = 51820;
constexpr std::size_t kMostResolvers = 4;

Error field_error(ErrorCode code, const char* field, std::string text = "") {
  Error error(code, std::move(text));
  error.faults.push_back({field, ""});
  return error;
}

Outcome<std::vector<Address>> parse_resolvers(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const auto& text : texts) {
    const auto address = parse_address(text);
    if (!address) return field_error(ErrorCode::invalid_ip, "dns", "dns must hold IP addresses.");
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

http::Response HubEndpoint::initialize(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const std::string network = fields.text("networkCIDR", kFormBytes);
  const std::string endpoint = fields.text("endpoint", kFormBytes);
  const auto port = fields.optional_integer("listenPort", 1, 65535).value_or(kDefaultPort);
  const auto dns = fields.optional_texts("dns", kMostResolvers, kFormBytes).value_or(std::vector<std::string>());
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);

  const auto parsed = parse_hub_network(network);
  if (!parsed) return http::render_json_error(field_error(ErrorCode::invalid_cidr, "networkCIDR"), request);
  if (!is_endpoint(endpoint))
    return http::render_json_error(field_error(ErrorCode::invalid_endpoint, "endpoint"), request);
  const auto resolvers = parse_resolvers(dns);
  if (!resolvers) return http::render_json_error(resolvers.error(), request);

  const auto made =
      hub_.initialize({*parsed, static_cast<std::uint16_t>(port), endpoint, *resolvers}, actor_of(request));
  if (made) reconciler_.wake();
  return answer(made, request, 201, [](const HubConfig& hub) {
    return boost::json::object{{"success", true}, {"hubConfig", encode(hub)}};
  });
}

http::Response HubEndpoint::config(const http::Request& request) {
  return answer(hub_.config(), request, 200, [](const HubConfig& hub) { return encode(hub); });
}

http::Response HubEndpoint::update(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  HubChange change;
  if (fields.has("endpoint")) change.endpoint = fields.text("endpoint", kFormBytes);
  const auto dns = fields.optional_texts("dns", kMostResolvers, kFormBytes);
  const bool fixed = fields.has("networkCIDR") || fields.has("listenPort");
  fields.optional_text("networkCIDR", kFormBytes);
  fields.optional_integer("listenPort", 1, 65535);
  if (!fixed && !change.endpoint && !dns) fields.fault("endpoint", "or dns must be given");
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  if (change.endpoint && !is_endpoint(*change.endpoint))
    return http::render_json_error(field_error(ErrorCode::invalid_endpoint, "endpoint"), request);
  if (dns) {
    const auto resolvers = parse_resolvers(*dns);
    if (!resolvers) return http::render_json_error(resolvers.error(), request);
    change.dns = *resolvers;
  }
  if (fixed) {
    const auto hub = hub_.config();
    if (!hub) return http::render_json_error(hub.error(), request);
    return http::render_json_error(
        Error(ErrorCode::policy_mismatch, "networkCIDR and listenPort cannot be changed here."), request);
  }
  return answer(hub_.update(change, actor_of(request)), request, 200, [](const HubChanged& changed) {
    return boost::json::object{{"success", true},
                               {"hubConfig", encode(changed.config)},
                               {"spokesWithOldEndpoint", changed.spokes_with_old_endpoint}};
  });
}

http::Response HubEndpoint::status(const http::Request& request) {
  Query query(request);
  const PageRequest page = query.peer_page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  const auto hub = hub_.config();
  if (!hub) return http::render_json_error(hub.error(), request);
  if (reconciler_.health() != Reconciler::Health::good) {
    Error error(ErrorCode::helper_unavailable);
    error.retry_after = std::chrono::seconds(5);
    return http::render_json_error(error, request);
  }
  const Cursor after = page.after.value_or(Cursor());
  const auto view = tracker_.peers(parse_public_key(after.id), static_cast<std::size_t>(after.at),
                                   static_cast<std::size_t>(page.limit));
  boost::json::array peers;
  peers.reserve(view.peers.size());
  for (const auto& peer : view.peers) peers.push_back(encode(peer));
  std::optional<Cursor> next;
  if (view.next != 0) next = Cursor{static_cast<std::int64_t>(view.next), to_base64(view.peers.back().key)};
  return http::json_response(200, {{"interface", "wg0"},
                                   {"publicKey", to_base64(hub->public_key)},
                                   {"listenPort", hub->listen_port},
                                   {"peerCount", view.total},
                                   {"peers", std::move(peers)},
                                   {"nextCursor", encode_cursor(next)}});
}

http::Response HubEndpoint::traffic(const http::Request& /*request*/) {
  const auto traffic = tracker_.traffic();
  boost::json::array points;
  points.reserve(traffic.points.size());
  for (const auto& point : traffic.points)
    points.push_back({{"at", http::to_timestamp(point.at)},
                      {"seconds", point.seconds},
                      {"receivedBytes", point.received_bytes},
                      {"sentBytes", point.sent_bytes}});
  return http::json_response(200, {{"since", http::to_timestamp(traffic.since)},
                                   {"receivedBytes", traffic.totals.received_bytes},
                                   {"sentBytes", traffic.totals.sent_bytes},
                                   {"points", std::move(points)}});
}

}  // namespace wghub::endpoint
