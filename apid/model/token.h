// An installation token: a spoke that may still be set up, and what its script says. The clear token is not in here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/address.h"
#include "common/key.h"

namespace wghub {

/// As stored; `expired` is never stored: it is unused or claimed past expires_at (D21).
enum class TokenState { unused, claimed, registered, expired, revoked };

constexpr std::string_view to_text(TokenState state) {
  switch (state) {
    case TokenState::unused:
      return "unused";
    case TokenState::claimed:
      return "claimed";
    case TokenState::registered:
      return "registered";
    case TokenState::expired:
      return "expired";
    case TokenState::revoked:
      return "revoked";
  }
  return "";
}

/// How far an install script came, as it said last. Units: epoch seconds.
struct Progress {
  std::string stage;
  std::int64_t code = 0;  ///< 0: it goes on
  std::string reason;
  std::int64_t at = 0;
};

/// Units: epoch seconds. The fields from hub_endpoint on are a snapshot from its creation, so that the script is a pure
/// function of this row.
struct Token {
  std::string id;        ///< UUID
  std::string hash;      ///< SHA-256 of the token text, 64 hex digits, unique
  std::string spoke_id;  ///< UUID given to the spoke in advance
  std::string spoke_name;
  Address address;
  bool holds_address = false;             ///< false once the spoke's row holds it, or it is free again
  TokenState state = TokenState::unused;  ///< stored state; see state_at
  std::int64_t created_at = 0;
  std::int64_t expires_at = 0;
  std::optional<std::int64_t> used_at;  ///< first claim, or direct registration
  std::string claim_address;
  std::string claim_agent;
  std::optional<PublicKey> bound_key;  ///< the first key that registered
  int releases = 0;
  int reports = 0;
  std::optional<Progress> last_report;
  std::string hub_endpoint;
  PublicKey hub_public_key;
  Network network;
  std::vector<Address> dns;
  int persistent_keepalive = 25;  ///< seconds
  std::string base_url;
  std::string certificate_pin;  ///< empty when the hub's certificate is not self-made
};

/// The state at a moment: an unused or claimed token is expired from expires_at on.
constexpr TokenState state_at(TokenState stored, std::int64_t expires_at, std::int64_t now) {
  const bool open = stored == TokenState::unused || stored == TokenState::claimed;
  return open && now >= expires_at ? TokenState::expired : stored;
}
inline TokenState state_at(const Token& token, std::int64_t now) {
  return state_at(token.state, token.expires_at, now);
}

struct TokenCounts {
  std::int64_t unused = 0;
  std::int64_t used = 0;  ///< claimed and registered
  std::int64_t expired = 0;
  std::int64_t revoked = 0;
  std::int64_t total() const { return unused + used + expired + revoked; }
};

/// One report of an install script (R30), stored as untrusted text.
struct InstallReport {
  std::string token_id;
  std::int64_t at = 0;
  std::string stage;
  std::int64_t code = 0;  ///< 0: progress
  std::string reason;
  std::string os;
  std::string detail;
  std::string source_address;
};

}  // namespace wghub
