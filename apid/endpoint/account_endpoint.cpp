#include "apid/endpoint/account_endpoint.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {
namespace {

constexpr const char* kCookie = "__Host-session={}; Path=/; HttpOnly; Secure; SameSite=Strict{}";
constexpr std::int64_t kDefaultDays = 90;
constexpr std::size_t kSecretBytes = 1024;

http::Response signed_in(const Outcome<SignIn>& outcome, const http::Request& request, unsigned status) {
  auto response = answer(outcome, request, status, [](const SignIn& sign_in) {
    return boost::json::object{{"user", encode(sign_in.user)}, {"csrfToken", sign_in.csrf_token.reveal()}};
  });
  if (outcome)
    response.headers.emplace_back("Set-Cookie", fmt::format(fmt::runtime(kCookie), outcome->cookie.reveal(), ""));
  return response;
}

}  // namespace

http::Response AccountEndpoint::setup_state(const http::Request& /*request*/) {
  return http::json_response(200, {{"required", accounts_.setup_required()}});
}

http::Response AccountEndpoint::setup(const http::Request& request) {
  // Once set-up is done the body does not matter any more.
  if (!accounts_.setup_required()) return http::render_json_error(ErrorCode::setup_done, request);
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Secret code(fields.text("setupCode", kSecretBytes));
  const std::string username = fields.text("username", 64);
  const Secret password(fields.text("password", kSecretBytes));
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return signed_in(accounts_.setup(code, username, password, actor_of(request)), request, 201);
}

http::Response AccountEndpoint::login(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const std::string username = fields.text("username", 64);
  const Secret password(fields.text("password", kSecretBytes));
  fields.optional_text("totp", 16);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return signed_in(accounts_.login(username, password, actor_of(request)), request, 200);
}

http::Response AccountEndpoint::logout(const http::Request& request) {
  if (request.caller.credential != http::Credential::session)
    return http::render_json_error(Error(ErrorCode::forbidden, "Only a session can log out."), request);
  const auto ended = accounts_.logout(request.caller.credential_id, actor_of(request));
  auto response = answer(ended, request, 200, [](const Done&) { return boost::json::object{{"success", true}}; });
  if (ended) response.headers.emplace_back("Set-Cookie", fmt::format(fmt::runtime(kCookie), "", "; Max-Age=0"));
  return response;
}

http::Response AccountEndpoint::me(const http::Request& request) {
  boost::json::object body{{"user", encode(identity_of(request).user)}, {"csrfToken", nullptr}};
  if (request.caller.credential == http::Credential::session)
    body["csrfToken"] = accounts_.csrf_token_of(request.session_cookie.reveal()).reveal();
  return http::json_response(200, body);
}

http::Response AccountEndpoint::list_api_tokens(const http::Request& request) {
  return answer(accounts_.api_tokens(), request, 200, [](const std::vector<ApiToken>& tokens) {
    boost::json::array array;
    for (const auto& token : tokens) array.push_back(encode(token));
    return boost::json::object{{"apiTokens", std::move(array)}, {"totalCount", tokens.size()}};
  });
}

http::Response AccountEndpoint::create_api_token(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const std::string name = fields.text("name", kNameBytes);
  if (!is_display_name(name)) fields.fault("name", kNameFault);
  const auto role = parse_role(fields.text("role", 16));
  if (!role) fields.fault("role", "must be viewer, operator or admin");
  const auto days = fields.optional_integer("expiresInDays", 1, 365).value_or(kDefaultDays);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  const auto made =
      accounts_.create_api_token(identity_of(request), name, *role, static_cast<int>(days), actor_of(request));
  return answer(made, request, 201, [](const NewApiToken& token) {
    return boost::json::object{{"apiToken", encode(token.token)}, {"secret", token.secret.reveal()}};
  });
}

http::Response AccountEndpoint::revoke_api_token(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(accounts_.revoke_api_token(request.parameters[0], actor_of(request)), request,
                     "API token revoked successfully");
}

}  // namespace wghub::endpoint
