// Counts failed attempts to prove who one is, and makes those wait who failed too often. Nobody is locked out for good.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "apid/service/audit_trail.h"
#include "apid/service/limiter.h"
#include "common/error.h"

namespace wghub {

/// Failures in 15 minutes; 0 switches a limit off.
struct AccountLimits {
  std::size_t logins_per_account = 5;  ///< for one account from one source
  std::size_t logins_per_source = 50;  ///< and for one account's second factor from everywhere
};

/// Thread-safe.
class LoginGuard {
 public:
  LoginGuard(AuditTrail& audit, Clock clock, AccountLimits limits);

  /// RATE_LIMITED when this account from this source, or the source, has failed too often; counts nothing.
  std::optional<Error> refuse(const std::string& username, const Actor& actor);
  /// The same for the account's second factor, wherever the codes come from: whoever tries those has the password.
  std::optional<Error> refuse_code(const std::string& username, const Actor& actor);
  /// The same for the source alone.
  std::optional<Error> refuse_source(const Actor& actor);

  /// Counts a wrong password, and returns what to answer.
  Error wrong_password(const std::string& username, const Actor& actor);
  Error wrong_code(const std::string& username, const Actor& actor);
  /// RATE_LIMITED when this one was too many.
  Error wrong_setup_code(const Actor& actor);

 private:
  void count(const std::string& username, const Actor& actor);
  std::optional<Error> limited(std::optional<std::chrono::seconds> wait, const Actor& actor);

  AuditTrail& audit_;
  Clock clock_;
  Limiter account_failures_;
  Limiter source_failures_;
  Limiter code_failures_;
};

}  // namespace wghub
