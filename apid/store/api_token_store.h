// Table api_tokens.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/account.h"
#include "apid/store/database.h"

namespace wghub::store {

class ApiTokenStore {
 public:
  void insert(Transaction& transaction, const ApiToken& token) const;
  std::optional<ApiToken> find(Transaction& transaction, const std::string& hash) const;
  /// Not the revoked ones; newest first.
  std::vector<ApiToken> list(Transaction& transaction) const;
  /// False when there is none or it is revoked already.
  bool revoke(Transaction& transaction, const std::string& id) const;
  /// Returns the ids of those that it revoked.
  std::vector<std::string> revoke_all_of(Transaction& transaction, const std::string& user_id) const;
  void touch(Transaction& transaction, const std::string& id, std::int64_t at) const;
  /// The ids of those that expired after one moment and until another one. Units: epoch seconds.
  std::vector<std::string> expired_between(Transaction& transaction, std::int64_t after, std::int64_t until) const;
};

}  // namespace wghub::store
