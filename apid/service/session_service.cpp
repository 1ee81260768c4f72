#include "apid/service/session_service.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "apid/service/identifiers.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kIdleSeconds = 30 * 60;
constexpr std::int64_t kSessionSeconds = 12 * 60 * 60;
constexpr std::int64_t kStepUpSeconds = 10 * 60;

store::SessionAges over_at(std::int64_t now) { return {now - kIdleSeconds, now - kSessionSeconds}; }

bool is_over(const Session& session, std::int64_t now) {
  const auto over = over_at(now);
  return session.last_used_at <= over.used_until || session.created_at <= over.made_until;
}

}  // namespace

SessionService::SessionService(Stores& stores, AuditTrail& audit, EventSink& events, RandomBytes random)
    : stores_(stores), audit_(audit), events_(events), random_(std::move(random)) {}

SignIn SessionService::start(store::Transaction& transaction, const User& user, const Actor& actor) {
  SignIn result{user, make_secret(random_), Secret()};
  result.csrf_token = csrf_token_of(result.cookie.reveal());
  const auto now = store::now_of(transaction);
  Session session;
  session.id = make_uuid(random_, now);
  session.hash = sha256_hex(result.cookie.reveal());
  session.user_id = user.id;
  session.created_at = session.last_used_at = session.stepped_up_at = now;
  session.source_address = actor.source_address;
  session.user_agent = actor.user_agent;
  stores_.sessions.insert(transaction, session);
  return result;
}

std::optional<Identity> SessionService::by_cookie(std::string_view cookie, Use use) {
  if (!is_token_form(cookie)) return std::nullopt;
  struct Found {
    Session session;
    User user;
    std::int64_t now = 0;
  };
  using MaybeFound = std::optional<Found>;
  const auto found = stores_.database.read<MaybeFound>([&](store::Transaction& t) -> Outcome<MaybeFound> {
    const auto session = stores_.sessions.find(t, sha256_hex(cookie));
    if (!session) return MaybeFound();
    const auto user = stores_.accounts.find_user(t, session->user_id);
    if (!user || !user->is_enabled()) return MaybeFound();
    return MaybeFound(Found{*session, *user, store::now_of(t)});
  });
  if (!found || !*found) return std::nullopt;
  const auto& [session, user, now] = **found;
  if (is_over(session, now)) return std::nullopt;
  if (use == Use::counts && last_use_.is_due(session.id, now)) {
    const auto touched = stores_.database.write<Done>([&, id = session.id](store::Transaction& t) -> Outcome<Done> {
      stores_.sessions.touch(t, id, store::now_of(t));
      return Done{};
    });
    if (!touched) log::warning("the use of a session could not be stored", {{"session", session.id}});
  }
  return Identity{session.id, user, user.username, user.role, now < session.stepped_up_at + kStepUpSeconds};
}

Secret SessionService::csrf_token_of(std::string_view cookie) const {
  std::string labelled = "wireguard-hub csrf ";
  labelled += cookie;
  Secret token(sha256_base64url(labelled));
  sodium_memzero(labelled.data(), labelled.size());
  return token;
}

bool SessionService::csrf_matches(std::string_view cookie, std::string_view csrf_token) const {
  const Secret expected = csrf_token_of(cookie);
  return expected.reveal().size() == csrf_token.size() &&
         sodium_memcmp(expected.reveal().data(), csrf_token.data(), csrf_token.size()) == 0;
}

Outcome<Done> SessionService::logout(const Identity& who, const Actor& actor) {
  auto ended = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.sessions.end(t, who.user.id, who.credential_id);
    audit_.record(t, actor, "auth.logout", who.credential_id);
    return Done{};
  });
  if (ended) events_.end_credential(who.credential_id);
  return ended;
}

Outcome<std::vector<Session>> SessionService::list_of(const std::string& user_id) {
  using Sessions = std::vector<Session>;
  return stores_.database.read<Sessions>([&](store::Transaction& t) -> Outcome<Sessions> {
    const auto user = stores_.accounts.find_user(t, user_id);
    if (!user || user->removed_at) return ErrorCode::not_found;
    return stores_.sessions.list_of(t, user_id, over_at(store::now_of(t)));
  });
}

Outcome<Done> SessionService::end(const std::string& user_id, const std::string& id, const Actor& actor) {
  auto ended = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    if (!stores_.sessions.end(t, user_id, id)) return ErrorCode::not_found;
    audit_.record(t, actor, "session.ended", id, {{"user", user_id}});
    return Done{};
  });
  if (ended) events_.end_credential(id);
  return ended;
}

Outcome<Done> SessionService::end_others(const std::string& user_id, const std::string& kept, const Actor& actor) {
  std::vector<std::string> ended;
  auto done = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto user = stores_.accounts.find_user(t, user_id);
    if (!user || user->removed_at) return ErrorCode::not_found;
    // Those too that are over and not taken away yet: nobody minds.
    ended = stores_.sessions.ids_of(t, user_id);
    std::erase(ended, kept);
    for (const auto& id : ended) {
      stores_.sessions.end(t, user_id, id);
      audit_.record(t, actor, "session.ended", id, {{"user", user_id}});
    }
    return Done{};
  });
  if (!done) return done;
  for (const auto& id : ended) events_.end_credential(id);
  return done;
}

void SessionService::end_over() {
  using Ids = std::vector<std::string>;
  const auto over = stores_.database.read<Ids>(
      [&](store::Transaction& t) -> Outcome<Ids> { return stores_.sessions.find_over(t, over_at(store::now_of(t))); });
  if (!over || over->empty()) return;
  Ids ended;
  const auto done = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto ages = over_at(store::now_of(t));
    ended = stores_.sessions.find_over(t, ages);
    stores_.sessions.end_over(t, ages);
    return Done{};
  });
  if (!done) return log::warning("old sessions could not be taken away");
  for (const auto& id : ended) events_.end_credential(id);
}

}  // namespace wghub
