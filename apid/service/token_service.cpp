#include "apid/service/token_service.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/install_commands.h"
#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::array kPlatforms = {Platform::linux, Platform::macos, Platform::windows, Platform::proxmox};
constexpr int kSweep = 256;

Error limited(std::chrono::seconds wait) {
  Error error(ErrorCode::rate_limited);
  error.retry_after = wait;
  return error;
}

Error bad_address(const std::string& message) {
  Error error(ErrorCode::invalid_ip, "customIP " + message + ".");
  error.faults.push_back({"customIP", message});
  return error;
}

std::string account_of(const Actor& actor) {
  return actor.account_id.empty() ? limiter_key(actor.source_address) : actor.account_id;
}

}  // namespace

std::optional<Error> token_refusal(const Token& token, std::int64_t now) {
  switch (state_at(token, now)) {
    case TokenState::unused:
      return std::nullopt;
    case TokenState::revoked:
      return Error(ErrorCode::token_revoked);
    case TokenState::expired: {
      Error error(ErrorCode::token_expired);
      error.expires_at = token.expires_at;
      return error;
    }
    case TokenState::claimed:
    case TokenState::registered: {
      Error error(ErrorCode::token_already_used);
      error.used_at = token.used_at;
      error.token_hash_hex = token.hash;
      return error;
    }
  }
  return Error(ErrorCode::internal);
}

TokenService::TokenService(Stores& stores, AuditTrail& audit, EventSink& events, const ScriptRenderer& scripts,
                           RandomBytes random, TokenSettings settings)
    : stores_(stores),
      audit_(audit),
      events_(events),
      scripts_(scripts),
      random_(std::move(random)),
      settings_(std::move(settings)),
      generations_(settings_.tokens_per_hour, std::chrono::hours(1)),
      unknown_(settings_.unknown_tokens_per_minute, std::chrono::minutes(1)) {}

IssuedToken TokenService::make(store::Transaction& transaction, const HubConfig& hub,
                               const std::string& spoke_name) const {
  IssuedToken issued;
  issued.text = make_secret(random_);
  Token& token = issued.token;
  token.created_at = store::now_of(transaction);
  token.id = make_uuid(random_, token.created_at);
  token.hash = sha256_hex(issued.text.reveal());
  token.spoke_id = make_uuid(random_, token.created_at);
  token.spoke_name = spoke_name;
  token.expires_at = token.created_at + settings_.lifetime_seconds;
  token.hub_endpoint = hub.endpoint;
  token.hub_public_key = hub.public_key;
  token.network = hub.network;
  token.dns = hub.dns;
  token.base_url = settings_.base_url(hub.endpoint);
  token.certificate_pin = settings_.certificate_pin;
  return issued;
}

void TokenService::complete(IssuedToken& issued) const {
  for (const Platform platform : kPlatforms) {
    const auto text = issued.text.reveal();
    const std::string sum = to_hex(scripts_.install_script_digest(issued.token, text, platform));
    issued.install_commands[platform] = install_command(issued.token, text, platform);
    if (auto wget = wget_command(issued.token, text, platform)) issued.wget_commands[platform] = *std::move(wget);
    issued.audit_commands[platform] = audit_command(issued.token, text, platform, sum);
    issued.script_sha256[platform] = sum;
  }
}

void TokenService::end_expired_holds(store::Transaction& transaction) {
  while (true) {
    const auto freed = stores_.tokens.end_expired_holds(transaction, kSweep);
    for (const auto& address : freed) stores_.addresses.release(transaction, address);
    if (freed.size() < kSweep) return;
  }
}

Outcome<Address> TokenService::take_address(store::Transaction& transaction, const HubConfig& hub,
                                            const TokenRequest& request) {
  end_expired_holds(transaction);
  if (!request.custom_address) {
    const auto lowest = stores_.addresses.take_lowest(transaction);
    if (!lowest) return ErrorCode::pool_exhausted;
    return *lowest;
  }
  const auto& [address, prefix] = *request.custom_address;
  if (prefix != bits_of(address.family) && prefix != hub.network.prefix)
    return bad_address("must have the network's prefix or none");
  if (address == first_host(hub.network)) return ErrorCode::ip_already_allocated;
  if (!is_spoke_address(hub.network, address))
    return bad_address("must be a host address of " + to_string(hub.network));
  if (!stores_.addresses.take(transaction, address)) return ErrorCode::ip_already_allocated;
  return address;
}

Outcome<IssuedToken> TokenService::insert_new(store::Transaction& t, const HubConfig& hub, const TokenRequest& request,
                                              const Actor& actor) {
  const auto address = take_address(t, hub, request);
  if (!address) return address.error();
  IssuedToken issued = make(t, hub, request.spoke_name);
  Token& token = issued.token;
  token.address = *address;
  token.holds_address = true;
  stores_.tokens.insert(t, token);
  WGHUB_CRASH_POINT("create.inserted");
  audit_.record(t, actor, "token.created", token.id,
                {{"spokeId", token.spoke_id}, {"spokeName", token.spoke_name}, {"address", to_string(*address)}});
  return issued;
}

Outcome<std::vector<IssuedToken>> TokenService::create(const std::vector<TokenRequest>& requests, const Actor& actor) {
  TokenPlan plan;
  plan.requests = [&](store::Transaction& /*t*/) -> Outcome<std::vector<TokenRequest>> { return requests; };
  plan.made = [](store::Transaction& /*t*/, const std::vector<IssuedToken>& /*issued*/) {};
  return create_planned(plan, actor);
}

Outcome<std::vector<IssuedToken>> TokenService::create_planned(const TokenPlan& plan, const Actor& actor) {
  const std::string account = account_of(actor);
  bool counted = false;
  using Issued = std::vector<IssuedToken>;
  auto made = stores_.database.write<Issued>([&](store::Transaction& t) -> Outcome<Issued> {
    const auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    if (!counted) {
      if (const auto wait = generations_.take(account, store::now_of(t))) return limited(*wait);
      counted = true;
    }
    const auto requests = plan.requests(t);
    if (!requests) return requests.error();
    Issued issued;
    issued.reserve(requests->size());
    for (const auto& request : *requests) {
      auto one = insert_new(t, *hub, request, actor);
      if (!one) return one.error();
      issued.push_back(*std::move(one));
    }
    if (!issued.empty()) plan.made(t, issued);
    return issued;
  });
  if (counted && (!made || made->empty())) generations_.give_back(account);
  if (!made) return made;
  WGHUB_CRASH_POINT("create.committed");
  for (auto& issued : *made) {
    complete(issued);
    events_.publish({"token.created", issued.token.created_at, issued.token});
  }
  return made;
}

Outcome<IssuedToken> TokenService::reissue(const std::string& id, const Actor& actor) {
  const std::string account = account_of(actor);
  bool counted = false;
  Token old;
  auto made = stores_.database.write<IssuedToken>([&](store::Transaction& t) -> Outcome<IssuedToken> {
    const auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    if (!counted) {
      if (const auto wait = generations_.take(account, store::now_of(t))) return limited(*wait);
      counted = true;
    }
    const auto found = stores_.tokens.find(t, id);
    if (!found) return ErrorCode::token_not_found;
    old = *found;
    if (old.state == TokenState::revoked) return ErrorCode::token_revoked;
    const auto spoke = stores_.spokes.find(t, old.spoke_id);
    const bool spoke_holds = spoke && !spoke->removed_at;
    // An expired token's address may have been given to somebody else meanwhile.
    if (!spoke_holds && !old.holds_address && !stores_.addresses.take(t, old.address))
      return ErrorCode::ip_already_allocated;
    stores_.tokens.revoke(t, old.id);
    WGHUB_CRASH_POINT("reissue.revoked");
    IssuedToken issued = make(t, *hub, old.spoke_name);
    issued.token.spoke_id = old.spoke_id;
    issued.token.address = old.address;
    issued.token.holds_address = !spoke_holds;
    stores_.tokens.insert(t, issued.token);
    WGHUB_CRASH_POINT("reissue.inserted");
    audit_.record(t, actor, "token.reissued", issued.token.id, {{"replaces", old.id}, {"spokeId", old.spoke_id}});
    return issued;
  });
  if (!made) {
    if (counted) generations_.give_back(account);
    return made;
  }
  WGHUB_CRASH_POINT("reissue.committed");
  complete(*made);
  old.state = TokenState::revoked;
  events_.publish({"token.revoked", made->token.created_at, old});
  events_.publish({"token.created", made->token.created_at, made->token});
  return made;
}

Outcome<Done> TokenService::revoke(const std::string& id, const Actor& actor) {
  std::optional<Token> revoked;
  std::int64_t now = 0;
  auto result = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    revoked.reset();
    const auto token = stores_.tokens.find(t, id);
    if (!token) return ErrorCode::token_not_found;
    if (token->state == TokenState::registered) return ErrorCode::token_registered;
    if (!stores_.tokens.revoke(t, id)) return Done{};  // it was already
    WGHUB_CRASH_POINT("revoke.marked");
    if (token->holds_address) stores_.addresses.release(t, token->address);
    WGHUB_CRASH_POINT("revoke.freed");
    audit_.record(t, actor, "token.revoked", id, {{"spokeName", token->spoke_name}});
    revoked = *token;
    now = store::now_of(t);
    return Done{};
  });
  WGHUB_CRASH_POINT("revoke.committed");
  if (result && revoked) {
    revoked->state = TokenState::revoked;
    events_.publish({"token.revoked", now, *revoked});
  }
  return result;
}

Outcome<TokenList> TokenService::list(const std::optional<std::string>& status, const PageRequest& page) {
  return stores_.database.read<TokenList>([&](store::Transaction& t) -> Outcome<TokenList> {
    auto found = stores_.tokens.list(t, status, page);
    TokenList list{{}, std::move(found.next), stores_.tokens.counts(t)};
    list.tokens.reserve(found.items.size());
    for (auto& token : found.items) {
      const TokenState state = state_at(token, store::now_of(t));
      list.tokens.push_back({std::move(token), state});
    }
    return list;
  });
}

Error TokenService::unknown_token(const Actor& actor, std::int64_t now) {
  audit_.count_denial(actor, "TOKEN_NOT_FOUND");
  if (const auto wait = unknown_.take(limiter_key(actor.source_address), now)) return limited(*wait);
  return ErrorCode::token_not_found;
}

Outcome<Token> TokenService::usable_token(store::Transaction& transaction, const Secret& text, const Actor& actor) {
  // A malformed text is looked up like any other, so that it takes the same time as an unknown one.
  auto token = stores_.tokens.find_by_hash(transaction, sha256_hex(text.reveal()));
  if (!is_token_form(text.reveal())) return ErrorCode::token_malformed;
  const auto now = store::now_of(transaction);
  if (!token) return unknown_token(actor, now);
  if (auto refusal = token_refusal(*token, now)) return *refusal;
  return std::move(*token);
}

Outcome<std::string> TokenService::peek(const Secret& text, Platform platform, const Actor& actor) {
  const auto token = stores_.database.read<Token>([&](store::Transaction& t) { return usable_token(t, text, actor); });
  if (!token) return token.error();
  return scripts_.install_script(*token, text.reveal(), platform);
}

Outcome<std::string> TokenService::claim(const Secret& text, Platform platform, const Actor& actor) {
  // Strangers are turned away by a read, so that guessing does not cost writes.
  const auto looked = stores_.database.read<Token>([&](store::Transaction& t) { return usable_token(t, text, actor); });
  if (!looked) return looked.error();
  auto script = scripts_.install_script(*looked, text.reveal(), platform);

  WGHUB_CRASH_POINT("claim.looked");
  std::int64_t now = 0;
  auto claimed = stores_.database.write<Token>([&](store::Transaction& t) -> Outcome<Token> {
    now = store::now_of(t);
    if (!stores_.tokens.claim(t, looked->id, actor.source_address, actor.user_agent)) {
      const auto token = stores_.tokens.find(t, looked->id);
      if (!token) return ErrorCode::token_not_found;
      return token_refusal(*token, now).value_or(ErrorCode::internal);
    }
    WGHUB_CRASH_POINT("claim.marked");
    audit_.record(t, actor, "token.claimed", looked->id,
                  {{"spokeName", looked->spoke_name}, {"platform", to_text(platform)}});
    return *looked;
  });
  if (!claimed) return claimed.error();
  WGHUB_CRASH_POINT("claim.committed");
  claimed->state = TokenState::claimed;
  claimed->used_at = now;
  claimed->claim_address = actor.source_address;
  claimed->claim_agent = actor.user_agent;
  events_.publish({"token.claimed", now, *claimed});
  return script;
}

void TokenService::count_expired() {
  const auto found = stores_.database.read<std::int64_t>(
      [&](store::Transaction& t) -> Outcome<std::int64_t> { return stores_.tokens.newly_expired(t); });
  if (!found || *found == 0) return;
  const auto counted = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.tokens.count_expired(t);
    return Done{};
  });
  if (!counted) log::warning("expired tokens could not be counted; lists do it until the next time");
}

void TokenService::prune(std::int64_t retention_seconds) {
  const auto pruned = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    end_expired_holds(t);
    stores_.tokens.prune(t, store::now_of(t) - retention_seconds, kSweep);
    return Done{};
  });
  if (!pruned) log::warning("old tokens could not be taken away");
}

}  // namespace wghub
