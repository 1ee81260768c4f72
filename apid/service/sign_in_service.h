// Proving who one is: log-in, password change, step-up (design §6). The session that follows is SessionService's.
#pragma once

#include <optional>
#include <string>

#include "apid/service/login_guard.h"
#include "apid/service/password.h"
#include "apid/service/second_factor.h"
#include "apid/service/session_service.h"

namespace wghub {

/// What a person shows.
struct Proof {
  Secret password;
  std::optional<Secret> code;  ///< of the second factor, or a recovery code
};

/// Errors of every call: RATE_LIMITED and INVALID_CREDENTIALS. A disabled account is told like a wrong password.
class SignInService {
 public:
  SignInService(Stores& stores, AuditTrail& audit, EventSink& events, LoginGuard& guard, PasswordHasher& hasher,
                SecondFactor& second_factor, SessionService& sessions);

  /// Errors: TOTP_REQUIRED (only behind the right password), TOTP_INVALID.
  Outcome<SignIn> login(const std::string& username, const Proof& proof, const Actor& actor);
  /// Ten more minutes for what is dangerous. Errors: as login.
  Outcome<Done> step_up(const Identity& who, const Proof& proof, const Actor& actor);
  /// Ends every session of the account, this one too, and begins a new one.
  /// Errors: INVALID_REQUEST with field newPassword when that is weak.
  Outcome<SignIn> change_password(const Identity& who, const Secret& current, const Secret& wanted, const Actor& actor);

 private:
  Outcome<User> check_password(const std::string& username, const Secret& password, const Actor& actor);
  std::optional<User> unchanged(store::Transaction& transaction, const User& checked);
  Error refused(const Error& error, const User& user, const Actor& actor);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  LoginGuard& guard_;
  PasswordHasher& hasher_;
  SecondFactor& second_factor_;
  SessionService& sessions_;
};

}  // namespace wghub
