#include "apid/service/login_guard.h"

#include <utility>

#include "apid/service/identifiers.h"

namespace wghub {
namespace {

constexpr std::chrono::minutes kWindow{15};

// A hash: what somebody typed as a name may be long, or a password.
std::string account_key(const std::string& username) { return sha256_hex(username); }

std::string account_key(const std::string& username, const Actor& actor) {
  return account_key(username) + "@" + limiter_key(actor.source_address);
}

}  // namespace

LoginGuard::LoginGuard(AuditTrail& audit, Clock clock, AccountLimits limits)
    : audit_(audit),
      clock_(std::move(clock)),
      account_failures_(limits.logins_per_account, kWindow),
      source_failures_(limits.logins_per_source, kWindow),
      code_failures_(limits.logins_per_source, kWindow) {}

std::optional<Error> LoginGuard::limited(std::optional<std::chrono::seconds> wait, const Actor& actor) {
  if (!wait) return std::nullopt;
  audit_.count_denial(actor, "RATE_LIMITED");
  Error error(ErrorCode::rate_limited);
  error.retry_after = *wait;
  return error;
}

std::optional<Error> LoginGuard::refuse(const std::string& username, const Actor& actor) {
  const auto wait = account_failures_.wait_of(account_key(username, actor), clock_());
  return wait ? limited(wait, actor) : refuse_source(actor);
}

std::optional<Error> LoginGuard::refuse_code(const std::string& username, const Actor& actor) {
  return limited(code_failures_.wait_of(account_key(username), clock_()), actor);
}

std::optional<Error> LoginGuard::refuse_source(const Actor& actor) {
  return limited(source_failures_.wait_of(limiter_key(actor.source_address), clock_()), actor);
}

void LoginGuard::count(const std::string& username, const Actor& actor) {
  account_failures_.take(account_key(username, actor), clock_());
  source_failures_.take(limiter_key(actor.source_address), clock_());
}

Error LoginGuard::wrong_password(const std::string& username, const Actor& actor) {
  count(username, actor);
  audit_.count_denial(actor, "INVALID_CREDENTIALS");
  return ErrorCode::invalid_credentials;
}

Error LoginGuard::wrong_code(const std::string& username, const Actor& actor) {
  count(username, actor);
  code_failures_.take(account_key(username), clock_());
  audit_.count_denial(actor, "TOTP_INVALID");
  return ErrorCode::totp_invalid;
}

Error LoginGuard::wrong_setup_code(const Actor& actor) {
  if (auto error = limited(source_failures_.take(limiter_key(actor.source_address), clock_()), actor)) return *error;
  audit_.count_denial(actor, "INVALID_SETUP_CODE");
  return ErrorCode::invalid_setup_code;
}

}  // namespace wghub
