#include "apid/store/account_store.h"

#include "apid/store/column.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelectUser[] =
    "SELECT id, username, password_hash, role, created_at, disabled_at, removed_at, last_login_at, totp_secret,"
    " totp_pending, totp_step FROM users";

constexpr auto kHasUsers = "SELECT 1 FROM users LIMIT 1";
constexpr auto kInsertUser =
    "INSERT INTO users (id, username, password_hash, role, created_at)"
    " VALUES (:id, :username, :password_hash, :role, :created_at)";
constexpr auto kFindUser = sql(kSelectUser, " WHERE id = :id");
constexpr auto kFindUserByName = sql(kSelectUser, " WHERE username = :username AND removed_at IS NULL");
constexpr auto kUsers = sql(kSelectUser, " WHERE removed_at IS NULL ORDER BY username");
constexpr auto kCountOtherAdmins =
    "SELECT COUNT(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL AND removed_at IS NULL AND id <> :id";

constexpr auto kUpdateUser = "UPDATE users SET role = :role, disabled_at = :disabled_at WHERE id = :id";
constexpr auto kRemoveUser = "UPDATE users SET removed_at = :now, password_hash = '' WHERE id = :id";
constexpr auto kSetPassword = "UPDATE users SET password_hash = :hash WHERE id = :id";
constexpr auto kNoteLogin = "UPDATE users SET last_login_at = :now WHERE id = :id";

constexpr auto kSetTotpPending = "UPDATE users SET totp_pending = :secret WHERE id = :id";
constexpr auto kSetTotp = "UPDATE users SET totp_secret = :secret, totp_pending = '', totp_step = :step WHERE id = :id";
constexpr auto kTakeTotpStep = "UPDATE users SET totp_step = :step WHERE id = :id AND totp_step < :step";
constexpr auto kClearRecoveryCodes = "DELETE FROM recovery_codes WHERE user_id = :id";
constexpr auto kAddRecoveryCode = "INSERT INTO recovery_codes (user_id, code_hash) VALUES (:id, :hash)";
constexpr auto kTakeRecoveryCode = "DELETE FROM recovery_codes WHERE user_id = :id AND code_hash = :hash";

constexpr auto kSetSetupCode =
    "INSERT INTO setup_code (id, code_hash, expires_at) VALUES (1, :code_hash, :expires_at)"
    " ON CONFLICT (id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at";
constexpr auto kSetupCode = "SELECT code_hash, expires_at FROM setup_code WHERE id = 1";
constexpr auto kClearSetupCode = "DELETE FROM setup_code";

User read_user(Row& row) {
  User user;
  user.id = row.text();
  user.username = row.text();
  user.password_hash = row.text();
  user.role = read_role(row.text());
  user.created_at = row.number();
  user.disabled_at = row.maybe_number();
  user.removed_at = row.maybe_number();
  user.last_login_at = row.maybe_number();
  user.totp_secret = Secret(row.text());
  user.totp_pending = Secret(row.text());
  user.totp_step = row.number();
  return user;
}

SetupCode read_setup_code(Row& row) {
  SetupCode code;
  code.hash = row.text();
  code.expires_at = row.number();
  return code;
}

}  // namespace

bool AccountStore::has_users(Transaction& transaction) const {
  return transaction.query(kHasUsers).one([](Row& row) { return row.flag(); }).has_value();
}

void AccountStore::insert_user(Transaction& transaction, const User& user) const {
  auto query = transaction.query(kInsertUser).with("id", user.id).with("username", user.username);
  query.with("password_hash", user.password_hash).with("role", std::string(to_text(user.role)));
  query.with("created_at", user.created_at).execute();
}

std::optional<User> AccountStore::find_user(Transaction& transaction, const std::string& id) const {
  return transaction.query(kFindUser).with("id", id).one(read_user);
}

std::optional<User> AccountStore::find_user_by_name(Transaction& transaction, const std::string& username) const {
  return transaction.query(kFindUserByName).with("username", username).one(read_user);
}

std::vector<User> AccountStore::users(Transaction& transaction) const {
  return transaction.query(kUsers).all(read_user);
}

std::int64_t AccountStore::count_other_admins(Transaction& transaction, const std::string& id) const {
  const auto count = transaction.query(kCountOtherAdmins).with("id", id).one([](Row& row) { return row.number(); });
  return count.value_or(0);
}

void AccountStore::update_user(Transaction& transaction, const User& user) const {
  auto query = transaction.query(kUpdateUser).with("id", user.id).with("role", std::string(to_text(user.role)));
  query.with("disabled_at", user.disabled_at).execute();
}

void AccountStore::remove_user(Transaction& transaction, const std::string& id) const {
  transaction.query(kRemoveUser).with("id", id).with("now", transaction.now()).execute();
  clear_totp(transaction, id);
}

void AccountStore::set_password(Transaction& transaction, const std::string& id, const std::string& hash) const {
  transaction.query(kSetPassword).with("id", id).with("hash", hash).execute();
}

void AccountStore::note_login(Transaction& transaction, const std::string& id) const {
  transaction.query(kNoteLogin).with("id", id).with("now", transaction.now()).execute();
}

void AccountStore::set_totp_pending(Transaction& transaction, const std::string& id, const Secret& secret) const {
  transaction.query(kSetTotpPending).with("id", id).with("secret", std::string(secret.reveal())).execute();
}

void AccountStore::set_totp(Transaction& transaction, const std::string& id, const Secret& secret,
                            std::int64_t step) const {
  auto query = transaction.query(kSetTotp).with("id", id).with("secret", std::string(secret.reveal()));
  query.with("step", step).execute();
}

void AccountStore::clear_totp(Transaction& transaction, const std::string& id) const {
  set_totp(transaction, id, Secret(), 0);
  set_recovery_codes(transaction, id, {});
}

bool AccountStore::take_totp_step(Transaction& transaction, const std::string& id, std::int64_t step) const {
  return transaction.query(kTakeTotpStep).with("id", id).with("step", step).execute() == 1;
}

void AccountStore::set_recovery_codes(Transaction& transaction, const std::string& id,
                                      const std::vector<std::string>& hashes) const {
  transaction.query(kClearRecoveryCodes).with("id", id).execute();
  for (const auto& hash : hashes) transaction.query(kAddRecoveryCode).with("id", id).with("hash", hash).execute();
}

bool AccountStore::take_recovery_code(Transaction& transaction, const std::string& id, const std::string& hash) const {
  return transaction.query(kTakeRecoveryCode).with("id", id).with("hash", hash).execute() == 1;
}

void AccountStore::set_setup_code(Transaction& transaction, const SetupCode& code) const {
  transaction.query(kSetSetupCode).with("code_hash", code.hash).with("expires_at", code.expires_at).execute();
}

std::optional<SetupCode> AccountStore::setup_code(Transaction& transaction) const {
  return transaction.query(kSetupCode).one(read_setup_code);
}

void AccountStore::clear_setup_code(Transaction& transaction) const { transaction.query(kClearSetupCode).execute(); }

}  // namespace wghub::store
