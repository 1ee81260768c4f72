// Users, as admins and root see them: made, listed, changed, reset, removed (design §6). There is always an admin who
// can sign in. What people do to their own accounts is SignInService's and SecondFactor's.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/password.h"
#include "common/error.h"

namespace wghub {

struct NewUser {
  std::string username;
  Secret password;
  Role role = Role::viewer;
};

/// What is to be changed; at least one of them.
struct UserChange {
  std::optional<Role> role;
  std::optional<bool> disabled;
};

/// Errors of every change: FORBIDDEN when the actor is no admin (any more), NOT_FOUND when there is no such user.
class UserService {
 public:
  UserService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random,
              PasswordHasher& hasher);

  Outcome<std::vector<User>> list();
  /// Errors: NOT_FOUND.
  Outcome<User> find_by_name(const std::string& username);

  /// Errors: USERNAME_TAKEN, INVALID_REQUEST (weak password or bad name), RATE_LIMITED (too many hashes at once).
  Outcome<User> create(const NewUser& wanted, const Actor& actor);
  /// A disabled user's sessions, streams and API tokens end; another role ends the sessions. Errors: LAST_ADMIN.
  Outcome<User> update(const std::string& id, const UserChange& change, const Actor& actor);
  /// Ends all that the user has; the name is free again. Errors: LAST_ADMIN.
  Outcome<Done> remove(const std::string& id, const Actor& actor);
  /// A new password; second factor, sessions and API tokens of the account are gone. Errors: as create's.
  Outcome<Done> reset(const std::string& id, const Secret& password, const Actor& actor);

 private:
  /// The credentials that one change ended, for their streams.
  using Ended = std::vector<std::string>;
  Outcome<User> change(const std::string& id, const Actor& actor,
                       const std::function<Outcome<User>(store::Transaction&, const User&, Ended&)>& work);
  std::optional<Error> refuse(store::Transaction& transaction, const Actor& actor);
  Ended end_everything(store::Transaction& transaction, const std::string& id);
  bool is_last_admin(store::Transaction& transaction, const User& user);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  Clock clock_;
  RandomBytes random_;
  PasswordHasher& hasher_;
};

}  // namespace wghub
