// People and programs that may use the API. Secrets are here only as hashes, but for the second factor's, which apid
// must be able to read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/role.h"
#include "common/secret.h"

namespace wghub {

/// Units: epoch seconds, here and below.
struct User {
  std::string id;  ///< UUID
  std::string username;
  std::string password_hash;  ///< libsodium's encoded Argon2id
  Role role = Role::viewer;
  std::int64_t created_at = 0;
  std::optional<std::int64_t> disabled_at;
  std::optional<std::int64_t> removed_at;
  std::optional<std::int64_t> last_login_at;
  Secret totp_secret;          ///< base32; empty: no second factor
  Secret totp_pending;         ///< base32, offered and not confirmed yet
  std::int64_t totp_step = 0;  ///< 30 s step of the code accepted last

  bool is_enabled() const { return !disabled_at && !removed_at; }
};

struct Session {
  std::string id;    ///< UUID: the name of the session, no secret
  std::string hash;  ///< SHA-256 of the cookie, 64 hex digits
  std::string user_id;
  std::int64_t created_at = 0;
  std::int64_t last_used_at = 0;
  std::int64_t stepped_up_at = 0;  ///< when password and second factor were given last
  std::string source_address;      ///< at login
  std::string user_agent;
};

struct ApiToken {
  std::string id;
  std::string hash;  ///< SHA-256 of the whole secret, 64 hex digits
  std::string user_id;
  std::string name;
  Role role = Role::viewer;
  std::int64_t created_at = 0;
  std::int64_t expires_at = 0;
  std::optional<std::int64_t> last_used_at;
  std::optional<std::int64_t> revoked_at;
};

/// The one-time code of the first run. Units: epoch seconds.
struct SetupCode {
  std::string hash;  ///< SHA-256 of the code, 64 hex digits
  std::int64_t expires_at = 0;
};

}  // namespace wghub
