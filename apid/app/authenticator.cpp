#include "apid/app/authenticator.h"

#include "apid/endpoint/encode.h"

namespace wghub::app {
namespace {

std::optional<http::Caller> to_caller(const std::optional<Identity>& identity, http::Credential credential) {
  if (!identity) return std::nullopt;
  const User& user = identity->user;
  return http::Caller{credential,           identity->credential_id,  user.id,
                      user.username,        identity->name,           identity->role,
                      identity->stepped_up, !user.totp_secret.empty()};
}

}  // namespace

bool AccountAuthenticator::setup_required() { return people_.setup.is_required(); }

std::optional<http::Caller> AccountAuthenticator::by_api_token(std::string_view secret) {
  return to_caller(people_.api_tokens.by_secret(secret), http::Credential::api_token);
}

std::optional<http::Caller> AccountAuthenticator::by_session(std::string_view cookie, http::SessionUse use) {
  const auto counts = use == http::SessionUse::counts ? SessionService::Use::counts : SessionService::Use::background;
  return to_caller(people_.sessions.by_cookie(cookie, counts), http::Credential::session);
}

bool AccountAuthenticator::csrf_matches(std::string_view cookie, std::string_view header) {
  return people_.sessions.csrf_matches(cookie, header);
}

void AccountAuthenticator::note_denied(const http::Request& request, std::string_view code) {
  audit_.count_denial(endpoint::actor_of(request), code);
}

}  // namespace wghub::app
