#include "apid/endpoint/token_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kMostAtOnce = 256;

// One {"spokeName","customIP"?}.
Outcome<TokenRequest> parse_token_request(const boost::json::object& object) {
  Fields fields(object);
  TokenRequest request;
  request.spoke_name = fields.text("spokeName", kNameBytes);
  if (!is_display_name(request.spoke_name)) fields.fault("spokeName", kNameFault);
  const auto custom = fields.optional_text("customIP", kFormBytes);
  if (auto fault = fields.finish()) return *fault;
  if (!custom) return request;
  request.custom_address = parse_custom_address(*custom);
  if (request.custom_address) return request;
  Error error(ErrorCode::invalid_ip);
  error.faults.push_back({"customIP", "must be an address, with the network's prefix or none"});
  return error;
}

Outcome<std::vector<TokenRequest>> parse_bulk(const boost::json::object& object) {
  Fields fields(object);
  const auto* spokes = fields.array("spokes", kMostAtOnce);
  if (auto fault = fields.finish()) return *fault;
  std::vector<TokenRequest> requests;
  for (std::size_t i = 0; i < spokes->size(); ++i) {
    const auto* spoke = (*spokes)[i].if_object();
    const std::string place = "spokes[" + std::to_string(i) + "]";
    if (spoke == nullptr) {
      Error error(ErrorCode::invalid_request, place + " must be an object.");
      error.faults.push_back({place, "must be an object"});
      return error;
    }
    auto request = parse_token_request(*spoke);
    if (!request) {
      Error error = request.error();
      for (auto& fault : error.faults) fault.field.insert(0, place + ".");
      return error;
    }
    requests.push_back(std::move(*request));
  }
  return requests;
}

}  // namespace

http::Response TokenEndpoint::create(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  auto parsed = parse_token_request(*body);
  if (!parsed) return http::render_json_error(parsed.error(), request);
  const auto made = tokens_.create({std::move(*parsed)}, actor_of(request));
  return answer(made, request, 201, [](const std::vector<IssuedToken>& issued) {
    auto object = encode(issued.front());
    object["success"] = true;
    return object;
  });
}

http::Response TokenEndpoint::create_bulk(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto parsed = parse_bulk(*body);
  if (!parsed) return http::render_json_error(parsed.error(), request);
  return answer(tokens_.create(*parsed, actor_of(request)), request, 201, [](const std::vector<IssuedToken>& issued) {
    boost::json::array tokens;
    for (const auto& one : issued) tokens.push_back(encode(one));
    return boost::json::object{{"success", true}, {"tokens", std::move(tokens)}};
  });
}

http::Response TokenEndpoint::list(const http::Request& request) {
  Query query(request);
  const auto status = query.word("status", {"unused", "used", "expired", "revoked"});
  const PageRequest page = query.page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  return answer(tokens_.list(status, page), request, 200, [](const TokenList& list) {
    boost::json::array tokens;
    for (const auto& view : list.tokens) tokens.push_back(encode(view.token, view.state));
    return boost::json::object{{"tokens", std::move(tokens)},           {"totalCount", list.counts.total()},
                               {"unusedCount", list.counts.unused},     {"usedCount", list.counts.used},
                               {"expiredCount", list.counts.expired},   {"revokedCount", list.counts.revoked},
                               {"nextCursor", encode_cursor(list.next)}};
  });
}

http::Response TokenEndpoint::details(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::token_not_found, request);
  return answer(tokens_.details(request.parameters[0]), request, 200, [](const TokenDetails& details) {
    boost::json::array timeline;
    for (const auto& report : details.timeline) timeline.push_back(encode(report));
    return boost::json::object{{"token", encode(details.view.token, details.view.state)},
                               {"timeline", std::move(timeline)}};
  });
}

http::Response TokenEndpoint::revoke(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::token_not_found, request);
  return answer_done(tokens_.revoke(request.parameters[0], actor_of(request)), request, "Token revoked successfully");
}

http::Response TokenEndpoint::reissue(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::token_not_found, request);
  return answer(tokens_.reissue(request.parameters[0], actor_of(request)), request, 201, [](const IssuedToken& issued) {
    auto object = encode(issued);
    object["success"] = true;
    return object;
  });
}

}  // namespace wghub::endpoint
