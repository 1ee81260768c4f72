#include "apid/service/sign_in_service.h"

#include <utility>

#include "apid/service/account_fields.h"

namespace wghub {
namespace {

Actor person_of(const User& user, const Actor& actor) {
  Actor person = actor;
  person.id = person.account_id = user.id;
  person.name = user.username;
  return person;
}

}  // namespace

SignInService::SignInService(Stores& stores, AuditTrail& audit, EventSink& events, LoginGuard& guard,
                             PasswordHasher& hasher, SecondFactor& second_factor, SessionService& sessions)
    : stores_(stores),
      audit_(audit),
      events_(events),
      guard_(guard),
      hasher_(hasher),
      second_factor_(second_factor),
      sessions_(sessions) {}

Outcome<User> SignInService::check_password(const std::string& username, const Secret& password, const Actor& actor) {
  if (auto limited = guard_.refuse(username, actor)) return *limited;
  using MaybeUser = std::optional<User>;
  const auto user = stores_.database.read<MaybeUser>(
      [&](store::Transaction& t) -> Outcome<MaybeUser> { return stores_.accounts.find_user_by_name(t, username); });
  if (!user) return user.error();
  const auto matches = hasher_.verify(*user ? (*user)->password_hash : "", password.reveal());
  if (!matches) return matches.error();
  if (!*matches || !(*user)->is_enabled()) return guard_.wrong_password(username, actor);
  // Parallel guesses all pass the first look; those that finish after the limit was reached are refused here.
  if (auto limited = guard_.refuse(username, actor)) return *limited;
  if (auto limited = guard_.refuse_code(username, actor)) return *limited;
  return **user;
}

// The account as it is now; nothing when it was disabled, or its password changed, since that was checked.
std::optional<User> SignInService::unchanged(store::Transaction& transaction, const User& checked) {
  auto user = stores_.accounts.find_user(transaction, checked.id);
  if (!user || !user->is_enabled() || user->password_hash != checked.password_hash) return std::nullopt;
  return user;
}

Error SignInService::refused(const Error& error, const User& user, const Actor& actor) {
  return error.code == ErrorCode::totp_invalid ? guard_.wrong_code(user.username, actor) : error;
}

Outcome<SignIn> SignInService::login(const std::string& username, const Proof& proof, const Actor& actor) {
  const auto checked = check_password(username, proof.password, actor);
  if (!checked) return checked.error();
  const Actor person = person_of(*checked, actor);
  auto result = stores_.database.write<SignIn>([&](store::Transaction& t) -> Outcome<SignIn> {
    const auto user = unchanged(t, *checked);
    if (!user) return ErrorCode::invalid_credentials;
    if (auto proven = second_factor_.check(t, *user, proof.code, person); !proven) return proven.error();
    audit_.record(t, person, "auth.login", user->id);
    stores_.accounts.note_login(t, user->id);
    return sessions_.start(t, *user, person);
  });
  if (!result) return refused(result.error(), *checked, actor);
  return result;
}

Outcome<Done> SignInService::step_up(const Identity& who, const Proof& proof, const Actor& actor) {
  const auto checked = check_password(who.user.username, proof.password, actor);
  if (!checked) return checked.error();
  auto result = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto user = unchanged(t, *checked);
    if (!user) return ErrorCode::invalid_credentials;
    if (auto proven = second_factor_.check(t, *user, proof.code, actor); !proven) return proven.error();
    audit_.record(t, actor, "auth.step-up", who.credential_id);
    stores_.sessions.step_up(t, who.credential_id);
    return Done{};
  });
  if (!result) return refused(result.error(), *checked, actor);
  return result;
}

Outcome<SignIn> SignInService::change_password(const Identity& who, const Secret& current, const Secret& wanted,
                                               const Actor& actor) {
  if (auto fault = password_fault(wanted.reveal(), who.user.username)) return field_error("newPassword", *fault);
  const auto checked = check_password(who.user.username, current, actor);
  if (!checked) return checked.error();
  const auto hash = hasher_.hash(wanted.reveal());
  if (!hash) return hash.error();
  std::vector<std::string> ended;
  auto result = stores_.database.write<SignIn>([&](store::Transaction& t) -> Outcome<SignIn> {
    const auto user = unchanged(t, *checked);
    if (!user) return ErrorCode::invalid_credentials;
    stores_.accounts.set_password(t, user->id, *hash);
    ended = stores_.sessions.end_all_of(t, user->id);
    audit_.record(t, actor, "auth.password-changed", user->id, {{"sessionsEnded", ended.size()}});
    return sessions_.start(t, *user, actor);
  });
  if (!result) return result;
  for (const auto& id : ended) events_.end_credential(id);
  return result;
}

}  // namespace wghub
