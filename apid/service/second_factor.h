// The second factor of an account: offered, confirmed, asked for, taken away. A code opens an account once.
// The secret lies in the database as it is: apid must read it, and every key that it could be sealed with would lie
// beside it. Who reads the database has the hashes of the passwords still to break. Codes follow the clock of the
// machine, not the database's time, which runs on ahead when a clock was set back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/service/audit_trail.h"
#include "apid/service/identity.h"
#include "common/error.h"

namespace wghub {

/// Shown once: the secret for typing, and as an address for a QR code.
struct TotpOffer {
  Secret secret;
  Secret uri;
};

class SecondFactor {
 public:
  SecondFactor(Stores& stores, AuditTrail& audit, Clock clock, RandomBytes random);

  /// Whether the code (or recovery code) belongs to the account; it is used up. Done when the account has no second
  /// factor. Errors: TOTP_REQUIRED without a code, TOTP_INVALID.
  Outcome<Done> check(store::Transaction& transaction, const User& user, const std::optional<Secret>& code,
                      const Actor& actor);

  /// A new secret; one that was offered before and not confirmed is void. Errors: TOTP_ACTIVE.
  Outcome<TotpOffer> offer(const std::string& user_id, const Actor& actor);
  /// Switches it on and returns ten recovery codes. Errors: NOT_FOUND when nothing is offered, TOTP_INVALID.
  Outcome<std::vector<Secret>> confirm(const std::string& user_id, const Secret& code, const Actor& actor);
  /// Errors: NOT_FOUND when it is off.
  Outcome<Done> remove(const std::string& user_id, const Actor& actor);

 private:
  Stores& stores_;
  AuditTrail& audit_;
  Clock clock_;
  RandomBytes random_;
};

}  // namespace wghub
