#include "apid/endpoint/api_token_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {
namespace {

constexpr std::int64_t kDefaultDays = 90;

}  // namespace

http::Response ApiTokenEndpoint::list(const http::Request& request) {
  return answer(tokens_.list(), request, 200, [](const std::vector<ApiToken>& tokens) {
    boost::json::array array;
    for (const auto& token : tokens) array.push_back(encode(token));
    return boost::json::object{{"apiTokens", std::move(array)}, {"totalCount", tokens.size()}};
  });
}

http::Response ApiTokenEndpoint::create(const http::Request& request) {
  if (request.caller.credential == http::Credential::root)
    return http::render_json_error(
        Error(ErrorCode::forbidden, "An API token belongs to an account, and ends with it; root has none."), request);
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const std::string name = fields.text("name", kNameBytes);
  if (!is_display_name(name)) fields.fault("name", kNameFault);
  const auto role = read_role(fields);
  const auto days = fields.optional_integer("expiresInDays", 1, 365).value_or(kDefaultDays);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  const auto made = tokens_.create(identity_of(request), name, role, static_cast<int>(days), actor_of(request));
  return answer(made, request, 201, [](const NewApiToken& token) {
    return boost::json::object{{"apiToken", encode(token.token)}, {"secret", token.secret.reveal()}};
  });
}

http::Response ApiTokenEndpoint::revoke(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(tokens_.revoke(request.parameters[0], actor_of(request)), request,
                     "API token revoked successfully");
}

}  // namespace wghub::endpoint
