#include "apid/service/api_token_service.h"

#include <algorithm>
#include <utility>

#include "apid/service/identifiers.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::string_view kPrefix = "whk_";

}  // namespace

ApiTokenService::ApiTokenService(Stores& stores, AuditTrail& audit, EventSink& events, Clock clock, RandomBytes random)
    : stores_(stores), audit_(audit), events_(events), clock_(std::move(clock)), random_(std::move(random)) {}

std::optional<Identity> ApiTokenService::by_secret(std::string_view secret) {
  if (!secret.starts_with(kPrefix) || !is_token_form(secret.substr(kPrefix.size()))) return std::nullopt;
  using Found = std::optional<std::pair<ApiToken, User>>;
  std::int64_t now = 0;
  const auto found = stores_.database.read<Found>([&](store::Transaction& t) -> Outcome<Found> {
    now = store::now_of(t);
    const auto token = stores_.api_tokens.find(t, sha256_hex(secret));
    if (!token || token->revoked_at || now >= token->expires_at) return Found();
    const auto user = stores_.accounts.find_user(t, token->user_id);
    if (!user || !user->is_enabled()) return Found();
    return Found(std::make_pair(*token, *user));
  });
  if (!found || !*found) return std::nullopt;
  const auto& [token, user] = **found;
  if (last_use_.is_due(token.id, now)) {
    const auto touched = stores_.database.write<Done>([&, id = token.id](store::Transaction& t) -> Outcome<Done> {
      stores_.api_tokens.touch(t, id, store::now_of(t));
      return Done{};
    });
    if (!touched) log::warning("the use of an API token could not be stored", {{"api_token", token.id}});
  }
  return Identity{token.id, user, token.name, std::min(token.role, user.role)};
}

Outcome<NewApiToken> ApiTokenService::create(const Identity& maker, const std::string& name, Role role, int days,
                                             const Actor& actor) {
  const Error above(ErrorCode::forbidden, "An API token cannot have a role above its maker's.");
  if (role > maker.role) return above;
  std::string secret(kPrefix);
  secret += make_secret(random_).reveal();
  NewApiToken made{{}, Secret(std::move(secret))};
  made.token.id = make_uuid(random_, clock_());
  made.token.hash = sha256_hex(made.secret.reveal());
  made.token.user_id = maker.user.id;
  made.token.name = name;
  made.token.role = role;
  auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    // The maker may have been disabled or demoted since the router looked.
    const auto owner = stores_.accounts.find_user(t, maker.user.id);
    if (!owner || !owner->is_enabled() || role > owner->role) return above;
    made.token.created_at = store::now_of(t);
    made.token.expires_at = made.token.created_at + days * kDay;
    stores_.api_tokens.insert(t, made.token);
    audit_.record(t, actor, "api-token.created", made.token.id, {{"name", name}, {"role", to_text(role)}});
    return Done{};
  });
  if (!stored) return stored.error();
  return made;
}

Outcome<std::vector<ApiToken>> ApiTokenService::list() {
  return stores_.database.read<std::vector<ApiToken>>(
      [&](store::Transaction& t) -> Outcome<std::vector<ApiToken>> { return stores_.api_tokens.list(t); });
}

Outcome<Done> ApiTokenService::revoke(const std::string& id, const Actor& actor) {
  auto revoked = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (!stores_.api_tokens.revoke(t, id)) return ErrorCode::not_found;
    audit_.record(t, actor, "api-token.revoked", id);
    return Done{};
  });
  if (revoked) events_.end_credential(id);
  return revoked;
}

void ApiTokenService::end_expired() {
  using Ids = std::vector<std::string>;
  std::int64_t now = 0;
  const auto expired = stores_.database.read<Ids>([&](store::Transaction& t) -> Outcome<Ids> {
    now = store::now_of(t);
    return stores_.api_tokens.expired_between(t, ended_until_, now);
  });
  if (!expired) return;
  for (const auto& id : *expired) events_.end_credential(id);
  ended_until_ = now;
}

}  // namespace wghub
