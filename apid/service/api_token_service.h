// API tokens: made, recognised, listed and revoked (design §6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/identity.h"
#include "apid/service/last_use.h"
#include "common/error.h"

namespace wghub {

struct NewApiToken {
  ApiToken token;
  Secret secret;  ///< "whk_" and 43 characters, shown once
};

class ApiTokenService {
 public:
  ApiTokenService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random);

  /// Nothing when unknown, expired or revoked, or when its owner is disabled or removed.
  std::optional<Identity> by_secret(std::string_view secret);

  /// Errors: FORBIDDEN when the role is above the maker's, or the maker is no more what he was.
  Outcome<NewApiToken> create(const Identity& maker, const std::string& name, Role role, int days, const Actor& actor);
  Outcome<std::vector<ApiToken>> list();
  /// Errors: NOT_FOUND.
  Outcome<Done> revoke(const std::string& id, const Actor& actor);
  /// Ends the streams of those that expired since it was asked last. Called by one thread.
  void end_expired();

 private:
  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  Clock clock_;
  RandomBytes random_;
  LastUse last_use_;
  std::int64_t ended_until_ = 0;
};

}  // namespace wghub
