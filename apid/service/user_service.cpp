#include "apid/service/user_service.h"

#include <utility>

#include "apid/service/account_fields.h"
#include "apid/service/identifiers.h"

namespace wghub {

UserService::UserService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random,
                         PasswordHasher& hasher)
    : stores_(stores),
      audit_(audit),
      events_(events),
      clock_(std::move(clock)),
      random_(std::move(random)),
      hasher_(hasher) {}

Outcome<std::vector<User>> UserService::list() {
  return stores_.database.read<std::vector<User>>(
      [&](store::Transaction& t) -> Outcome<std::vector<User>> { return stores_.accounts.users(t); });
}

Outcome<User> UserService::find_by_name(const std::string& username) {
  return stores_.database.read<User>([&](store::Transaction& t) -> Outcome<User> {
    auto user = stores_.accounts.find_user_by_name(t, username);
    if (!user) return ErrorCode::not_found;
    return *std::move(user);
  });
}

// Whoever asks may have lost his role since the router looked. Root has no row.
std::optional<Error> UserService::refuse(store::Transaction& transaction, const Actor& actor) {
  if (actor.is_root) return std::nullopt;
  const auto asker = stores_.accounts.find_user(transaction, actor.account_id);
  if (asker && asker->is_enabled() && asker->role == Role::admin) return std::nullopt;
  return ErrorCode::forbidden;
}

bool UserService::is_last_admin(store::Transaction& transaction, const User& user) {
  return user.role == Role::admin && user.is_enabled() &&
         stores_.accounts.count_other_admins(transaction, user.id) == 0;
}

UserService::Ended UserService::end_everything(store::Transaction& transaction, const std::string& id) {
  Ended ended = stores_.sessions.end_all_of(transaction, id);
  for (auto& token : stores_.api_tokens.revoke_all_of(transaction, id)) ended.push_back(std::move(token));
  return ended;
}

Outcome<User> UserService::create(const NewUser& wanted, const Actor& actor) {
  if (auto fault = username_fault(wanted.username)) return *fault;
  if (auto fault = password_fault(wanted.password.reveal(), wanted.username)) return field_error("password", *fault);
  const auto hash = hasher_.hash(wanted.password.reveal());
  if (!hash) return hash.error();
  User user{make_uuid(random_, clock_()), wanted.username, *hash, wanted.role};
  auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (auto refused = refuse(t, actor)) return *refused;
    if (stores_.accounts.find_user_by_name(t, user.username)) return ErrorCode::username_taken;
    user.created_at = store::now_of(t);
    stores_.accounts.insert_user(t, user);
    audit_.record(t, actor, "user.created", user.id, {{"username", user.username}, {"role", to_text(user.role)}});
    return Done{};
  });
  if (!stored) return stored.error();
  return user;
}

// One change of one user: refusals that all have, the streams of what it ended.
Outcome<User> UserService::change(const std::string& id, const Actor& actor,
                                  const std::function<Outcome<User>(store::Transaction&, const User&, Ended&)>& work) {
  Ended ended;
  auto changed = stores_.database.write<User>([&](store::Transaction& t) -> Outcome<User> {
    ended.clear();
    if (auto refused = refuse(t, actor)) return *refused;
    const auto user = stores_.accounts.find_user(t, id);
    if (!user || user->removed_at) return ErrorCode::not_found;
    return work(t, *user, ended);
  });
  if (!changed && changed.error().code == ErrorCode::last_admin) audit_.count_denial(actor, "LAST_ADMIN");
  if (!changed) return changed;
  for (const auto& credential : ended) events_.end_credential(credential);
  return changed;
}

Outcome<User> UserService::update(const std::string& id, const UserChange& wanted, const Actor& actor) {
  return change(id, actor, [&](store::Transaction& t, const User& before, Ended& ended) -> Outcome<User> {
    User user = before;
    user.role = wanted.role.value_or(before.role);
    const bool disabled = wanted.disabled.value_or(before.disabled_at.has_value());
    if (!disabled) user.disabled_at.reset();
    if (disabled && !before.disabled_at) user.disabled_at = store::now_of(t);
    const bool stays_admin = user.is_enabled() && user.role == Role::admin;
    if (!stays_admin && is_last_admin(t, before)) return ErrorCode::last_admin;
    stores_.accounts.update_user(t, user);
    if (disabled)
      ended = end_everything(t, id);
    else if (user.role != before.role)
      ended = stores_.sessions.end_all_of(t, id);
    audit_.record(t, actor, "user.updated", id,
                  {{"username", user.username}, {"role", to_text(user.role)}, {"disabled", disabled}});
    return user;
  });
}

Outcome<Done> UserService::remove(const std::string& id, const Actor& actor) {
  const auto removed = change(id, actor, [&](store::Transaction& t, const User& user, Ended& ended) -> Outcome<User> {
    if (is_last_admin(t, user)) return ErrorCode::last_admin;
    ended = end_everything(t, id);
    stores_.accounts.remove_user(t, id);
    audit_.record(t, actor, "user.removed", id, {{"username", user.username}});
    return user;
  });
  if (!removed) return removed.error();
  return Done{};
}

Outcome<Done> UserService::reset(const std::string& id, const Secret& password, const Actor& actor) {
  const auto target = stores_.database.read<User>([&](store::Transaction& t) -> Outcome<User> {
    const auto user = stores_.accounts.find_user(t, id);
    if (!user || user->removed_at) return ErrorCode::not_found;
    return *user;
  });
  if (!target) return target.error();
  if (auto fault = password_fault(password.reveal(), target->username)) return field_error("password", *fault);
  const auto hash = hasher_.hash(password.reveal());
  if (!hash) return hash.error();
  const auto done = change(id, actor, [&](store::Transaction& t, const User& user, Ended& ended) -> Outcome<User> {
    stores_.accounts.set_password(t, id, *hash);
    stores_.accounts.clear_totp(t, id);
    ended = end_everything(t, id);
    audit_.record(t, actor, "user.reset", id, {{"username", user.username}});
    return user;
  });
  if (!done) return done.error();
  return Done{};
}

}  // namespace wghub
