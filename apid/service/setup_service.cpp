#include "apid/service/setup_service.h"

#include <sodium.h>

#include <utility>

#include "apid/service/account_fields.h"
#include "apid/service/identifiers.h"

namespace wghub {
namespace {

constexpr std::int64_t kCodeSeconds = 15 * 60;

}  // namespace

SetupService::SetupService(Stores& stores, AuditTrail& audit, LoginGuard& guard, PasswordHasher& hasher,
                           SessionService& sessions, RandomBytes random)
    : stores_(stores), audit_(audit), guard_(guard), hasher_(hasher), sessions_(sessions), random_(std::move(random)) {}

bool SetupService::is_required() {
  if (done_) return false;
  const auto users = stores_.database.read<bool>(
      [&](store::Transaction& t) -> Outcome<bool> { return stores_.accounts.has_users(t); });
  if (users && *users) done_ = true;
  return !done_;
}

Outcome<Secret> SetupService::new_code() {
  Secret code = make_secret(random_);
  const auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    stores_.accounts.set_setup_code(t, {sha256_hex(code.reveal()), store::now_of(t) + kCodeSeconds});
    return Done{};
  });
  if (!stored) return stored.error();
  return code;
}

Outcome<Done> SetupService::check_code(const Secret& code, const Actor& actor) {
  if (auto refused = guard_.refuse_source(actor)) return *refused;
  const std::string hash = sha256_hex(code.reveal());
  const auto good = stores_.database.read<bool>([&](store::Transaction& t) -> Outcome<bool> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    const auto stored = stores_.accounts.setup_code(t);
    return stored && store::now_of(t) < stored->expires_at &&
           sodium_memcmp(stored->hash.data(), hash.data(), hash.size()) == 0;
  });
  if (!good) return good.error();
  if (*good) return Done{};
  return guard_.wrong_setup_code(actor);
}

Outcome<SignIn> SetupService::run(const Secret& code, const std::string& username, const Secret& password,
                                  const Actor& actor) {
  if (!is_required()) return ErrorCode::setup_done;
  if (auto checked = check_code(code, actor); !checked) return checked.error();
  if (auto fault = username_fault(username)) return *fault;
  if (auto fault = password_fault(password.reveal(), username)) return field_error("password", *fault);
  auto hash = hasher_.hash(password.reveal());
  if (!hash) return hash.error();
  auto result = make_admin(code, username, *hash, actor);
  if (result) done_ = true;
  return result;
}

Outcome<SignIn> SetupService::make_admin(const Secret& code, const std::string& username,
                                         const std::string& password_hash, const Actor& actor) {
  const std::string code_hash = sha256_hex(code.reveal());
  return stores_.database.write<SignIn>([&](store::Transaction& t) -> Outcome<SignIn> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    const auto stored = stores_.accounts.setup_code(t);  // may have been replaced since it was checked
    if (!stored || stored->hash != code_hash) return ErrorCode::invalid_setup_code;
    const auto now = store::now_of(t);
    const User user{make_uuid(random_, now), username, password_hash, Role::admin, now};
    stores_.accounts.insert_user(t, user);
    stores_.accounts.note_login(t, user.id);
    stores_.accounts.clear_setup_code(t);
    Actor admin = actor;
    admin.id = user.id;
    admin.name = username;
    audit_.record(t, admin, "setup.done", user.id, {{"username", username}});
    return sessions_.start(t, user, admin);
  });
}

}  // namespace wghub
