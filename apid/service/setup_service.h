// The first run: a one-time code that only root can have, and the first admin (design §6).
#pragma once

#include <atomic>
#include <string>

#include "apid/service/login_guard.h"
#include "apid/service/password.h"
#include "apid/service/session_service.h"

namespace wghub {

class SetupService {
 public:
  SetupService(Stores& stores, AuditTrail& audit, LoginGuard& guard, PasswordHasher& hasher, SessionService& sessions,
               RandomBytes random);

  bool is_required();
  /// Makes a new code, valid for 15 minutes; the one before is void. Errors: SETUP_DONE.
  Outcome<Secret> new_code();
  /// Makes the first admin and signs him in. Errors: SETUP_DONE, INVALID_SETUP_CODE, RATE_LIMITED, INVALID_REQUEST
  /// (weak password or bad name; the code stays good).
  Outcome<SignIn> run(const Secret& code, const std::string& username, const Secret& password, const Actor& actor);

 private:
  Outcome<Done> check_code(const Secret& code, const Actor& actor);
  Outcome<SignIn> make_admin(const Secret& code, const std::string& username, const std::string& password_hash,
                             const Actor& actor);

  Stores& stores_;
  AuditTrail& audit_;
  LoginGuard& guard_;
  PasswordHasher& hasher_;
  SessionService& sessions_;
  RandomBytes random_;
  std::atomic<bool> done_{false};
};

}  // namespace wghub
