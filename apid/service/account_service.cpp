#include "apid/service/account_service.h"

#include <sodium.h>

#include <algorithm>

#include "apid/service/identifiers.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kSetupCodeSeconds = 15 * 60;
constexpr std::int64_t kIdleSeconds = 30 * 60;
constexpr std::int64_t kSessionSeconds = 12 * 60 * 60;
constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::int64_t kTouchSeconds = 60;
constexpr std::size_t kTouchedAtMost = 10'000;
constexpr std::chrono::minutes kFailureWindow{15};
constexpr std::string_view kApiTokenPrefix = "whk_";
constexpr std::size_t kUsernameLongest = 64;

std::string account_key(const std::string& username, const Actor& actor) {
  return sha256_hex(username) + "@" + limiter_key(actor.source_address);
}

Error field_error(std::string field, std::string message) {
  Error error(ErrorCode::invalid_request, field + " " + message);
  error.faults.push_back({std::move(field), std::move(message)});
  return error;
}

std::optional<Error> username_fault(const std::string& username) {
  const auto is_good = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '.' ||
           character == '_' || character == '-' || character == '@';
  };
  if (username.empty() || username.size() > kUsernameLongest || !std::all_of(username.begin(), username.end(), is_good))
    return field_error("username", "must have 1 to 64 characters of a-z, 0-9, '.', '_', '-', '@'");
  return std::nullopt;
}

Error limited(std::chrono::seconds wait) {
  Error error(ErrorCode::rate_limited);
  error.retry_after = wait;
  return error;
}

}  // namespace

AccountService::AccountService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random,
                               AccountLimits limits)
    : stores_(stores),
      audit_(audit),
      events_(events),
      clock_(std::move(clock)),
      random_(std::move(random)),
      account_failures_(limits.logins_per_account, kFailureWindow),
      source_failures_(limits.logins_per_source, kFailureWindow) {}

bool AccountService::setup_required() {
  if (setup_done_) return false;
  const auto users = stores_.database.read<bool>(
      [&](store::Transaction& t) -> Outcome<bool> { return stores_.accounts.has_users(t); });
  if (users && *users) setup_done_ = true;
  return !setup_done_;
}

Outcome<Secret> AccountService::new_setup_code() {
  Secret code = make_secret(random_);
  const auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    stores_.accounts.set_setup_code(t, {sha256_hex(code.reveal()), store::now_of(t) + kSetupCodeSeconds});
    return Done{};
  });
  if (!stored) return stored.error();
  return code;
}

Outcome<Done> AccountService::check_setup_code(const Secret& code, const Actor& actor) {
  const std::string key = limiter_key(actor.source_address);
  if (const auto wait = source_failures_.wait_of(key, clock_())) return limited(*wait);
  const std::string hash = sha256_hex(code.reveal());
  const auto good = stores_.database.read<bool>([&](store::Transaction& t) -> Outcome<bool> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    const auto stored = stores_.accounts.setup_code(t);
    return stored && store::now_of(t) < stored->expires_at &&
           sodium_memcmp(stored->hash.data(), hash.data(), hash.size()) == 0;
  });
  if (!good) return good.error();
  if (*good) return Done{};
  if (const auto wait = source_failures_.take(key, clock_())) return limited(*wait);
  audit_.count_denial(actor, "INVALID_SETUP_CODE");
  return ErrorCode::invalid_setup_code;
}

Outcome<SignIn> AccountService::setup(const Secret& code, const std::string& username, const Secret& password,
                                      const Actor& actor) {
  if (!setup_required()) return ErrorCode::setup_done;
  if (auto checked = check_setup_code(code, actor); !checked) return checked.error();
  if (auto fault = username_fault(username)) return *fault;
  if (auto fault = password_fault(password.reveal(), username)) return field_error("password", *fault);
  auto hash = hasher_.hash(password.reveal());
  if (!hash) return hash.error();
  const std::string code_hash = sha256_hex(code.reveal());
  auto result = stores_.database.write<SignIn>([&](store::Transaction& t) -> Outcome<SignIn> {
    if (stores_.accounts.has_users(t)) return ErrorCode::setup_done;
    const auto stored = stores_.accounts.setup_code(t);  // may have been replaced since it was checked
    if (!stored || stored->hash != code_hash) return ErrorCode::invalid_setup_code;
    const auto now = store::now_of(t);
    const User user{make_uuid(random_, now), username, *hash, Role::admin, now};
    stores_.accounts.insert_user(t, user);
    stores_.accounts.clear_setup_code(t);
    Actor admin = actor;
    admin.id = user.id;
    admin.name = username;
    audit_.record(t, admin, "setup.done", user.id, {{"username", username}});
    return sign_in(t, user);
  });
  if (result) setup_done_ = true;
  return result;
}

std::optional<Error> AccountService::refuse_login(const std::string& username, const Actor& actor) {
  const auto now = clock_();
  auto wait = account_failures_.wait_of(account_key(username, actor), now);
  if (!wait) wait = source_failures_.wait_of(limiter_key(actor.source_address), now);
  if (!wait) return std::nullopt;
  audit_.count_denial(actor, "RATE_LIMITED");
  return limited(*wait);
}

Outcome<SignIn> AccountService::login(const std::string& username, const Secret& password, const Actor& actor) {
  if (auto refused = refuse_login(username, actor)) return *refused;
  const auto user =
      stores_.database.read<std::optional<User>>([&](store::Transaction& t) -> Outcome<std::optional<User>> {
        return stores_.accounts.find_user_by_name(t, username);
      });
  if (!user) return user.error();
  const auto matches = hasher_.verify(*user ? (*user)->password_hash : "", password.reveal());
  if (!matches) return matches.error();
  if (!*matches) {
    account_failures_.take(account_key(username, actor), clock_());
    source_failures_.take(limiter_key(actor.source_address), clock_());
    audit_.count_denial(actor, "INVALID_CREDENTIALS");
    return ErrorCode::invalid_credentials;
  }
  // Parallel guesses all pass the first look; those that finish after the limit was reached are refused here.
  if (auto refused = refuse_login(username, actor)) return *refused;
  return stores_.database.write<SignIn>([&](store::Transaction& t) -> Outcome<SignIn> {
    Actor person = actor;
    person.id = (*user)->id;
    person.name = (*user)->username;
    audit_.record(t, person, "auth.login", (*user)->id);
    return sign_in(t, **user);
  });
}

Outcome<SignIn> AccountService::sign_in(store::Transaction& transaction, const User& user) {
  SignIn result{user, make_secret(random_), Secret()};
  result.csrf_token = csrf_token_of(result.cookie.reveal());
  const auto now = store::now_of(transaction);
  Session session;
  session.id = make_uuid(random_, now);
  session.hash = sha256_hex(result.cookie.reveal());
  session.user_id = user.id;
  session.created_at = now;
  session.last_used_at = now;
  stores_.accounts.insert_session(transaction, session);
  return result;
}

Outcome<Done> AccountService::logout(const std::string& session_id, const Actor& actor) {
  auto ended = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.accounts.end_session(t, session_id);
    audit_.record(t, actor, "auth.logout", session_id);
    return Done{};
  });
  if (ended) events_.end_credential(session_id);
  return ended;
}

bool AccountService::touch_is_due(const std::string& id, std::int64_t now) {
  const std::lock_guard lock(touched_mutex_);
  if (touched_.size() >= kTouchedAtMost) touched_.clear();
  auto& last = touched_[id];
  if (now < last + kTouchSeconds && last != 0) return false;
  last = now;
  return true;
}

std::optional<Identity> AccountService::by_session(std::string_view cookie, Use use) {
  if (!is_token_form(cookie)) return std::nullopt;
  struct Found {
    Session session;
    User user;
    std::int64_t now = 0;
  };
  const auto found =
      stores_.database.read<std::optional<Found>>([&](store::Transaction& t) -> Outcome<std::optional<Found>> {
        const auto session = stores_.accounts.find_session(t, sha256_hex(cookie));
        if (!session) return std::optional<Found>();
        const auto user = stores_.accounts.find_user(t, session->user_id);
        if (!user) return std::optional<Found>();
        return std::optional<Found>(Found{*session, *user, store::now_of(t)});
      });
  if (!found || !*found) return std::nullopt;
  const auto& [session, user, now] = **found;
  if (now >= session.created_at + kSessionSeconds || now >= session.last_used_at + kIdleSeconds) return std::nullopt;
  if (use == Use::counts && touch_is_due(session.id, now)) {
    const auto touched = stores_.database.write<Done>([&, id = session.id](store::Transaction& t) -> Outcome<Done> {
      stores_.accounts.touch_session(t, id, store::now_of(t));
      return Done{};
    });
    if (!touched) log::warning("the use of a session could not be stored", {{"session", session.id}});
  }
  return Identity{session.id, user, user.username, user.role};
}

std::optional<Identity> AccountService::by_api_token(std::string_view secret) {
  if (!secret.starts_with(kApiTokenPrefix) || !is_token_form(secret.substr(kApiTokenPrefix.size())))
    return std::nullopt;
  using Found = std::optional<std::pair<ApiToken, User>>;
  std::int64_t now = 0;
  const auto found = stores_.database.read<Found>([&](store::Transaction& t) -> Outcome<Found> {
    now = store::now_of(t);
    const auto token = stores_.accounts.find_api_token(t, sha256_hex(secret));
    if (!token || token->revoked_at || now >= token->expires_at) return Found();
    const auto user = stores_.accounts.find_user(t, token->user_id);
    if (!user) return Found();
    return Found(std::make_pair(*token, *user));
  });
  if (!found || !*found) return std::nullopt;
  const auto& [token, user] = **found;
  if (touch_is_due(token.id, now)) {
    const auto touched = stores_.database.write<Done>([&, id = token.id](store::Transaction& t) -> Outcome<Done> {
      stores_.accounts.touch_api_token(t, id, store::now_of(t));
      return Done{};
    });
    if (!touched) log::warning("the use of an API token could not be stored", {{"api_token", token.id}});
  }
  return Identity{token.id, user, token.name, std::min(token.role, user.role)};
}

Secret AccountService::csrf_token_of(std::string_view cookie) const {
  std::string labelled = "wireguard-hub csrf ";
  labelled += cookie;
  Secret token(sha256_base64url(labelled));
  sodium_memzero(labelled.data(), labelled.size());
  return token;
}

bool AccountService::csrf_matches(std::string_view cookie, std::string_view csrf_token) const {
  const Secret expected = csrf_token_of(cookie);
  return expected.reveal().size() == csrf_token.size() &&
         sodium_memcmp(expected.reveal().data(), csrf_token.data(), csrf_token.size()) == 0;
}

Outcome<NewApiToken> AccountService::create_api_token(const Identity& maker, const std::string& name, Role role,
                                                      int days, const Actor& actor) {
  if (role > maker.role) return Error(ErrorCode::forbidden, "An API token cannot have a role above its maker's.");
  std::string secret(kApiTokenPrefix);
  secret += make_secret(random_).reveal();
  NewApiToken made{{}, Secret(std::move(secret))};
  made.token.id = make_uuid(random_, clock_());
  made.token.hash = sha256_hex(made.secret.reveal());
  made.token.user_id = maker.user.id;
  made.token.name = name;
  made.token.role = role;
  auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    made.token.created_at = store::now_of(t);
    made.token.expires_at = made.token.created_at + days * kDay;
    stores_.accounts.insert_api_token(t, made.token);
    audit_.record(t, actor, "api-token.created", made.token.id, {{"name", name}, {"role", to_text(role)}});
    return Done{};
  });
  if (!stored) return stored.error();
  return made;
}

Outcome<std::vector<ApiToken>> AccountService::api_tokens() {
  return stores_.database.read<std::vector<ApiToken>>(
      [&](store::Transaction& t) -> Outcome<std::vector<ApiToken>> { return stores_.accounts.api_tokens(t); });
}

Outcome<Done> AccountService::revoke_api_token(const std::string& id, const Actor& actor) {
  auto revoked = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (!stores_.accounts.revoke_api_token(t, id)) return ErrorCode::not_found;
    audit_.record(t, actor, "api-token.revoked", id);
    return Done{};
  });
  if (revoked) events_.end_credential(id);
  return revoked;
}

void AccountService::end_old_sessions() {
  const auto ended = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto now = store::now_of(t);
    stores_.accounts.end_old_sessions(t, now - kIdleSeconds, now - kSessionSeconds);
    return Done{};
  });
  if (!ended) log::warning("old sessions could not be taken away");
}

}  // namespace wghub
