// Sessions: begun, recognised, shown and ended (design §6). Knows no cookies and no headers; who may begin one is
// SignInService's.
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

class SessionService {
 public:
  SessionService(Stores& stores, AuditTrail& audit, EventSink& events, RandomBytes random);

  /// A new one, with an id of its own whatever the client sent; it counts as stepped up.
  SignIn start(store::Transaction& transaction, const User& user, const Actor& actor);

  enum class Use { counts, background };
  std::optional<Identity> by_cookie(std::string_view cookie, Use use);
  bool csrf_matches(std::string_view cookie, std::string_view csrf_token) const;
  Secret csrf_token_of(std::string_view cookie) const;

  Outcome<Done> logout(const Identity& who, const Actor& actor);
  /// Errors: NOT_FOUND when there is no such user.
  Outcome<std::vector<Session>> list_of(const std::string& user_id);
  /// Errors: NOT_FOUND when the user has no such session.
  Outcome<Done> end(const std::string& user_id, const std::string& id, const Actor& actor);
  /// Every session of the user but one; kept may be empty. Errors: NOT_FOUND when there is no such user.
  Outcome<Done> end_others(const std::string& user_id, const std::string& kept, const Actor& actor);
  /// Takes away those that are over, and ends their streams.
  void end_over();

 private:
  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  RandomBytes random_;
  LastUse last_use_;
};

}  // namespace wghub
