// People and programs that may use the API. Secrets are here only as hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/role.h"

namespace wghub {

/// Units: epoch seconds, here and below.
struct User {
  std::string id;  ///< UUID
  std::string username;
  std::string password_hash;  ///< libsodium's encoded Argon2id
  Role role = Role::viewer;
  std::int64_t created_at = 0;
};

struct Session {
  std::string id;    ///< UUID: the name of the session, no secret
  std::string hash;  ///< SHA-256 of the cookie, 64 hex digits
  std::string user_id;
  std::int64_t created_at = 0;
  std::int64_t last_used_at = 0;
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
