// Tables users, sessions, api_tokens, setup_code.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/account.h"
#include "apid/store/database.h"

namespace wghub::store {

class AccountStore {
 public:
  bool has_users(Transaction& transaction) const;
  void insert_user(Transaction& transaction, const User& user) const;
  std::optional<User> find_user(Transaction& transaction, const std::string& id) const;
  std::optional<User> find_user_by_name(Transaction& transaction, const std::string& username) const;

  void insert_session(Transaction& transaction, const Session& session) const;
  std::optional<Session> find_session(Transaction& transaction, const std::string& hash) const;
  void touch_session(Transaction& transaction, const std::string& id, std::int64_t at) const;
  void end_session(Transaction& transaction, const std::string& id) const;
  /// Sessions last used before, or made before, these moments are taken away.
  void end_old_sessions(Transaction& transaction, std::int64_t used_before, std::int64_t made_before) const;

  void insert_api_token(Transaction& transaction, const ApiToken& token) const;
  std::optional<ApiToken> find_api_token(Transaction& transaction, const std::string& hash) const;
  /// Not the revoked ones; newest first.
  std::vector<ApiToken> api_tokens(Transaction& transaction) const;
  /// False when there is none or it is revoked already.
  bool revoke_api_token(Transaction& transaction, const std::string& id) const;
  void touch_api_token(Transaction& transaction, const std::string& id, std::int64_t at) const;

  void set_setup_code(Transaction& transaction, const SetupCode& code) const;
  std::optional<SetupCode> setup_code(Transaction& transaction) const;
  void clear_setup_code(Transaction& transaction) const;
};

}  // namespace wghub::store
