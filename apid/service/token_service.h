// Installation tokens: their life from creation to registration or end (design §4). Registration itself is
// SpokeService's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apid/model/page.h"
#include "apid/model/spoke.h"
#include "apid/model/token.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/limiter.h"
#include "apid/service/script_renderer.h"
#include "common/error.h"
#include "common/secret.h"

namespace wghub {

struct TokenRequest {
  std::string spoke_name;
  std::optional<Network> custom_address;  ///< prefix: the network's, or that of a single address
};

/// A new token with its clear text, which exists here and in the served script only.
struct IssuedToken {
  Token token;
  Secret text;
  std::map<Platform, std::string> install_commands;
  std::map<Platform, std::string> wget_commands;  ///< where a machine may have no curl
  std::map<Platform, std::string> audit_commands;
  std::map<Platform, std::string> script_sha256;
};

/// Tokens whose spokes are only known inside the transaction that makes them.
struct TokenPlan {
  std::function<Outcome<std::vector<TokenRequest>>(store::Transaction&)> requests;  ///< none is no error
  std::function<void(store::Transaction&, const std::vector<IssuedToken>&)> made;
};

/// A token with its state at the moment of reading.
struct TokenView {
  Token token;
  TokenState state = TokenState::unused;
};

struct TokenList {
  std::vector<TokenView> tokens;
  std::optional<Cursor> next;
  TokenCounts counts;
};

struct TokenDetails {
  TokenView view;
  std::vector<InstallReport> timeline;
};

struct ReportRequest {
  Secret token;
  InstallReport report;
};

struct TokenSettings {
  std::int64_t lifetime_seconds = 24 * 60 * 60;
  std::size_t tokens_per_hour = 10;
  std::size_t unknown_tokens_per_minute = 60;
  std::string certificate_pin;
  /// The base URL of commands for a hub endpoint (D26).
  std::function<std::string(const std::string& endpoint)> base_url;
};

class TokenService {
 public:
  TokenService(Stores& stores, AuditTrail& audit, EventSink& events, const ScriptRenderer& scripts, RandomBytes random,
               TokenSettings settings);

  /// All or none. Errors: HUB_NOT_INITIALIZED, RATE_LIMITED, INVALID_IP, IP_ALREADY_ALLOCATED, POOL_EXHAUSTED.
  Outcome<std::vector<IssuedToken>> create(const std::vector<TokenRequest>& requests, const Actor& actor);
  /// Likewise, and what the plan refuses.
  Outcome<std::vector<IssuedToken>> create_planned(const TokenPlan& plan, const Actor& actor);
  /// One, in the caller's transaction and without the limit of tokens an hour; nobody is told. Errors: INVALID_IP,
  /// IP_ALREADY_ALLOCATED, POOL_EXHAUSTED.
  Outcome<IssuedToken> insert_new(store::Transaction& transaction, const HubConfig& hub, const TokenRequest& request,
                                  const Actor& actor);
  /// A new token for the same spoke id, name and address. Errors: TOKEN_NOT_FOUND, TOKEN_REVOKED, RATE_LIMITED,
  /// IP_ALREADY_ALLOCATED.
  Outcome<IssuedToken> reissue(const std::string& id, const Actor& actor);
  /// Errors: TOKEN_NOT_FOUND, and token_registered.
  Outcome<Done> revoke(const std::string& id, const Actor& actor);

  /// status: unused, used, expired or revoked.
  Outcome<TokenList> list(const std::optional<std::string>& status, const PageRequest& page);
  Outcome<TokenDetails> details(const std::string& id);

  /// Gives the script to the first who asks (D1). Errors: TOKEN_MALFORMED, TOKEN_NOT_FOUND, TOKEN_REVOKED,
  /// TOKEN_ALREADY_USED, TOKEN_EXPIRED, RATE_LIMITED (unknown ones).
  Outcome<std::string> claim(const Secret& text, Platform platform, const Actor& actor);
  /// The script without claiming: what HEAD measures.
  Outcome<std::string> peek(const Secret& text, Platform platform, const Actor& actor);
  /// Stores a script's report; gives the token back when nothing was changed on the machine (D2). The token's state
  /// afterwards.
  Outcome<TokenState> report(const ReportRequest& request, const Actor& actor);

  /// Takes tokens that have expired into the stored counts; cheap to call often.
  void count_expired();
  /// Removes what ended longer ago than this.
  void prune(std::int64_t retention_seconds);

  /// TOKEN_NOT_FOUND, or RATE_LIMITED once this client asked for too many unknown ones. Shared with registration.
  Error unknown_token(const Actor& actor, std::int64_t now);

 private:
  IssuedToken make(store::Transaction& transaction, const HubConfig& hub, const std::string& spoke_name) const;
  void complete(IssuedToken& issued) const;
  std::optional<Alarm> alarm_of(store::Transaction& transaction, const Token& token, const InstallReport& report,
                                const Actor& actor);
  Outcome<Address> take_address(store::Transaction& transaction, const HubConfig& hub, const TokenRequest& request);
  void end_expired_holds(store::Transaction& transaction);
  Outcome<Token> usable_token(store::Transaction& transaction, const Secret& text, const Actor& actor);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  const ScriptRenderer& scripts_;
  RandomBytes random_;
  TokenSettings settings_;
  Limiter generations_;
  Limiter unknown_;
};

/// How far its script came: what it reported last, or that it was fetched. Nothing when it never was.
std::optional<Progress> progress_of(const Token& token);

/// What to tell when a token that one machine used is tried by another.
Alarm second_key_alarm(const std::string& spoke_id, const Actor& actor);

/// Why a token cannot be used for a script or a first registration at this moment; nothing when it can.
std::optional<Error> token_refusal(const Token& token, std::int64_t now);

}  // namespace wghub
