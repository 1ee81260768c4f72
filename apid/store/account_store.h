// Tables users, recovery_codes, setup_code. Sessions and API tokens have stores of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/model/account.h"
#include "apid/store/database.h"

namespace wghub::store {

class AccountStore {
 public:
  /// Removed ones count too: set-up is done for good.
  bool has_users(Transaction& transaction) const;
  void insert_user(Transaction& transaction, const User& user) const;
  /// A removed one too.
  std::optional<User> find_user(Transaction& transaction, const std::string& id) const;
  std::optional<User> find_user_by_name(Transaction& transaction, const std::string& username) const;
  /// Not the removed ones; by name.
  std::vector<User> users(Transaction& transaction) const;
  /// How many admins could sign in if this user could not.
  std::int64_t count_other_admins(Transaction& transaction, const std::string& id) const;

  /// Role and disabled_at, as the user has them.
  void update_user(Transaction& transaction, const User& user) const;
  /// Password and second factor are wiped; the row stays.
  void remove_user(Transaction& transaction, const std::string& id) const;
  void set_password(Transaction& transaction, const std::string& id, const std::string& hash) const;
  void note_login(Transaction& transaction, const std::string& id) const;

  void set_totp_pending(Transaction& transaction, const std::string& id, const Secret& secret) const;
  /// Nothing is pending any more. step: the newest one that is used up.
  void set_totp(Transaction& transaction, const std::string& id, const Secret& secret, std::int64_t step) const;
  /// No second factor, none pending, no recovery code.
  void clear_totp(Transaction& transaction, const std::string& id) const;
  /// Uses up a step; false when it or a later one was used before.
  bool take_totp_step(Transaction& transaction, const std::string& id, std::int64_t step) const;
  /// Those of before are void.
  void set_recovery_codes(Transaction& transaction, const std::string& id,
                          const std::vector<std::string>& hashes) const;
  /// Uses up a code; false when there is no such.
  bool take_recovery_code(Transaction& transaction, const std::string& id, const std::string& hash) const;

  void set_setup_code(Transaction& transaction, const SetupCode& code) const;
  std::optional<SetupCode> setup_code(Transaction& transaction) const;
  void clear_setup_code(Transaction& transaction) const;
};

}  // namespace wghub::store
