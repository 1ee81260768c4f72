// One event of the audit trail (D12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wghub {

/// Who did it and from where. The system itself has the name "system" and no address.
struct Actor {
  std::string id;    ///< user or API token id; empty for strangers and the system
  std::string name;  ///< "anonymous" for strangers
  std::string source_address;
  std::string user_agent;
  std::string account_id;  ///< user id, also behind an API token: what limits count by; not stored
  bool is_root = false;    ///< root, over the admin socket; not stored
};

struct AuditEvent {
  std::int64_t id = 0;  ///< given by the store, growing by one
  std::int64_t at = 0;  ///< epoch seconds; given by the store
  Actor actor;
  std::string action;          ///< "token.created" …
  std::string target;          ///< id of what it was done to
  std::string outcome;         ///< "success" or "denied"
  std::string details = "{}";  ///< a JSON object without secrets
  std::string hash;            ///< SHA-256 over this event and the hash before it, hex; given by the store
};

/// What became of the chain of hashes.
struct AuditCheck {
  std::int64_t events = 0;             ///< that were read; up to the broken one
  std::optional<std::int64_t> broken;  ///< the id of the first event that is not as it was written
};

/// Newest first; every field that is set must match.
struct AuditFilter {
  std::optional<std::string> actor;  ///< name or id
  std::optional<std::string> action;
  std::optional<std::string> target;
  std::optional<std::string> outcome;
  std::optional<std::int64_t> from;  ///< epoch seconds, inclusive
  std::optional<std::int64_t> to;    ///< inclusive
};

}  // namespace wghub
