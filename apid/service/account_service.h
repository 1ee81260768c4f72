// Set-up, signing in, sessions and API tokens (design §6). Knows no cookies and no headers.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apid/model/account.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/limiter.h"
#include "apid/service/password.h"
#include "common/error.h"
#include "common/secret.h"

namespace wghub {

/// Who a session or API token speaks for.
struct Identity {
  std::string credential_id;  ///< of the session or API token
  User user;
  std::string name;          ///< user name, or name of the API token
  Role role = Role::viewer;  ///< of the session's user, or the lesser of token's and owner's
};

/// A new session: the cookie's value is shown once, here.
struct SignIn {
  User user;
  Secret cookie;
  Secret csrf_token;
};

struct NewApiToken {
  ApiToken token;
  Secret secret;  ///< "whk_" and 43 characters, shown once
};

struct AccountLimits {
  std::size_t logins_per_account = 5;  ///< failures in 15 minutes for one account from one source
  std::size_t logins_per_source = 50;
};

class AccountService {
 public:
  AccountService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random,
                 AccountLimits limits);

  bool setup_required();
  /// Makes a new code, valid for 15 minutes; the one before is void. Errors: SETUP_DONE.
  Outcome<Secret> new_setup_code();
  /// Makes the first admin and signs him in. Errors: SETUP_DONE, INVALID_SETUP_CODE, RATE_LIMITED, INVALID_REQUEST
  /// (weak password or bad name; the code stays good).
  Outcome<SignIn> setup(const Secret& code, const std::string& username, const Secret& password, const Actor& actor);
  /// Errors: INVALID_CREDENTIALS, RATE_LIMITED.
  Outcome<SignIn> login(const std::string& username, const Secret& password, const Actor& actor);
  Outcome<Done> logout(const std::string& session_id, const Actor& actor);

  enum class Use { counts, background };
  std::optional<Identity> by_session(std::string_view cookie, Use use);
  std::optional<Identity> by_api_token(std::string_view secret);
  bool csrf_matches(std::string_view cookie, std::string_view csrf_token) const;
  Secret csrf_token_of(std::string_view cookie) const;

  /// Errors: FORBIDDEN when the role is above the maker's.
  Outcome<NewApiToken> create_api_token(const Identity& maker, const std::string& name, Role role, int days,
                                        const Actor& actor);
  Outcome<std::vector<ApiToken>> api_tokens();
  /// Errors: NOT_FOUND.
  Outcome<Done> revoke_api_token(const std::string& id, const Actor& actor);

  /// Takes away sessions that are over, and ends their streams.
  void end_old_sessions();

 private:
  Outcome<SignIn> sign_in(store::Transaction& transaction, const User& user);
  Outcome<Done> check_setup_code(const Secret& code, const Actor& actor);
  std::optional<Error> refuse_login(const std::string& username, const Actor& actor);
  bool touch_is_due(const std::string& id, std::int64_t now);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  Clock clock_;
  RandomBytes random_;
  PasswordHasher hasher_;
  Limiter account_failures_;
  Limiter source_failures_;
  std::atomic<bool> setup_done_{false};
  std::mutex touched_mutex_;
  std::map<std::string, std::int64_t> touched_;  ///< credential id -> when its last use was written
};

}  // namespace wghub
