#include "apid/endpoint/account_endpoint.h"

#include <fmt/format.h>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/service/account_fields.h"

namespace wghub::endpoint {
namespace {

constexpr const char* kCookie = "__Host-session={}; Path=/; HttpOnly; Secure; SameSite=Strict{}";

http::Response signed_in(const Outcome<SignIn>& outcome, const http::Request& request, unsigned status) {
  auto response = answer(outcome, request, status, [](const SignIn& sign_in) {
    const bool second_factor = !sign_in.user.totp_secret.empty();
    return boost::json::object{{"user", encode_self(sign_in.user, second_factor)},
                               {"csrfToken", sign_in.csrf_token.reveal()}};
  });
  if (outcome)
    response.headers.emplace_back("Set-Cookie", fmt::format(fmt::runtime(kCookie), outcome->cookie.reveal(), ""));
  return response;
}

Proof read_proof(Fields& fields) {
  Proof proof{Secret(fields.text("password", kSecretBytes)), std::nullopt};
  if (auto code = fields.optional_text("totp", kCodeBytes)) proof.code = Secret(std::move(*code));
  return proof;
}

}  // namespace

http::Response AccountEndpoint::setup_state(const http::Request& /*request*/) {
  return http::json_response(200, {{"required", people_.setup.is_required()}});
}

http::Response AccountEndpoint::setup(const http::Request& request) {
  // Once set-up is done the body does not matter any more.
  if (!people_.setup.is_required()) return http::render_json_error(ErrorCode::setup_done, request);
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Secret code(fields.text("setupCode", kSecretBytes));
  const std::string username = fields.text("username", kUsernameLongest);
  const Secret password(fields.text("password", kSecretBytes));
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return signed_in(people_.setup.run(code, username, password, actor_of(request)), request, 201);
}

http::Response AccountEndpoint::login(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const std::string username = fields.text("username", kUsernameLongest);
  const Proof proof = read_proof(fields);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return signed_in(people_.sign_in.login(username, proof, actor_of(request)), request, 200);
}

http::Response AccountEndpoint::logout(const http::Request& request) {
  const auto ended = people_.sessions.logout(identity_of(request), actor_of(request));
  auto response = answer(ended, request, 200, [](const Done&) { return boost::json::object{{"success", true}}; });
  if (ended) response.headers.emplace_back("Set-Cookie", fmt::format(fmt::runtime(kCookie), "", "; Max-Age=0"));
  return response;
}

http::Response AccountEndpoint::me(const http::Request& request) {
  boost::json::object body{{"user", encode_self(identity_of(request).user, request.caller.second_factor)},
                           {"csrfToken", nullptr}};
  if (request.caller.credential == http::Credential::session)
    body["csrfToken"] = people_.sessions.csrf_token_of(request.session_cookie.reveal()).reveal();
  return http::json_response(200, body);
}

http::Response AccountEndpoint::step_up(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Proof proof = read_proof(fields);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  const auto done = people_.sign_in.step_up(identity_of(request), proof, actor_of(request));
  return done ? me(request) : http::render_json_error(done.error(), request);
}

http::Response AccountEndpoint::change_password(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Secret current(fields.text("currentPassword", kSecretBytes));
  const Secret wanted(fields.text("newPassword", kSecretBytes));
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  return signed_in(people_.sign_in.change_password(identity_of(request), current, wanted, actor_of(request)), request,
                   200);
}

}  // namespace wghub::endpoint
