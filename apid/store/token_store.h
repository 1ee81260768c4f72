// Table installation_tokens and the reports of their scripts. Each «only once» is one conditional UPDATE and its row
// count; what a false means is the service's to find out and say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/page.h"
#include "apid/model/token.h"
#include "apid/store/database.h"

namespace wghub::store {

class TokenStore {
 public:
  void insert(Transaction& transaction, const Token& token) const;
  std::optional<Token> find(Transaction& transaction, const std::string& id) const;
  std::optional<Token> find_by_hash(Transaction& transaction, const std::string& hash) const;
  /// The token in unused, claimed or registered for this spoke; at most one exists.
  std::optional<Token> find_open_of_spoke(Transaction& transaction, const std::string& spoke_id) const;

  /// unused, not expired -> claimed; sets used_at, claim_address, claim_agent.
  bool claim(Transaction& transaction, const std::string& id, const std::string& address,
             const std::string& agent) const;
  /// claimed by this address, no key bound, fewer than five releases -> unused; used_at is cleared.
  bool release(Transaction& transaction, const std::string& id, const std::string& address) const;
  /// unused or claimed, not expired -> registered with this key; used_at is set if it was not; holds_address ends.
  bool bind(Transaction& transaction, const std::string& id, const PublicKey& key) const;
  /// registered -> claimed, key forgotten, holds_address as given (D16: the engine refused the peer).
  bool unbind(Transaction& transaction, const std::string& id, bool holds_address) const;
  /// Any state but revoked -> revoked; holds_address ends. The service gives the address back.
  bool revoke(Transaction& transaction, const std::string& id) const;
  /// True for the first caller only: one alarm per token for a second key.
  bool mark_alarmed(Transaction& transaction, const std::string& id) const;

  /// Tokens past their time that still hold an address: ends that and returns the addresses, at most limit of them.
  std::vector<Address> end_expired_holds(Transaction& transaction, int limit) const;

  /// Only tokens in this state when given (used = claimed or registered). Newest first by (created_at, id).
  Page<Token> list(Transaction& transaction, const std::optional<std::string>& status, const PageRequest& page) const;
  /// Costs what newly_expired says, however many tokens there are.
  TokenCounts counts(Transaction& transaction) const;
  /// Tokens that expired since count_expired was called last, which counts has to look for.
  std::int64_t newly_expired(Transaction& transaction) const;
  void count_expired(Transaction& transaction) const;
  /// Live spokes whose script was made with another hub_endpoint.
  std::int64_t count_other_endpoints(Transaction& transaction, const std::string& endpoint) const;

  /// Stores a report when the token has fewer than 20.
  bool add_report(Transaction& transaction, const InstallReport& report) const;
  std::vector<InstallReport> reports(Transaction& transaction, const std::string& token_id) const;

  /// Removes tokens that ended before this moment and have no live spoke (retention_days), at most limit.
  int prune(Transaction& transaction, std::int64_t ended_before, int limit) const;
};

}  // namespace wghub::store
