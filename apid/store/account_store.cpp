#include "apid/store/account_store.h"

#include "apid/store/column.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelectUser[] = "SELECT id, username, password_hash, role, created_at FROM users";
constexpr char kSelectApiToken[] =
    "SELECT id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at FROM api_tokens";

constexpr auto kHasUsers = "SELECT 1 FROM users LIMIT 1";
constexpr auto kInsertUser =
    "INSERT INTO users (id, username, password_hash, role, created_at)"
    " VALUES (:id, :username, :password_hash, :role, :created_at)";
constexpr auto kFindUser = sql(kSelectUser, " WHERE id = :id");
constexpr auto kFindUserByName = sql(kSelectUser, " WHERE username = :username");

constexpr auto kInsertSession =
    "INSERT INTO sessions (id, session_hash, user_id, created_at, last_used_at)"
    " VALUES (:id, :session_hash, :user_id, :created_at, :last_used_at)";
constexpr auto kFindSession =
    "SELECT id, session_hash, user_id, created_at, last_used_at FROM sessions WHERE session_hash = :session_hash";
constexpr auto kTouchSession = "UPDATE sessions SET last_used_at = :at WHERE id = :id AND last_used_at < :at";
constexpr auto kEndSession = "DELETE FROM sessions WHERE id = :id";
constexpr auto kEndOldSessions = "DELETE FROM sessions WHERE last_used_at < :used_before OR created_at < :made_before";

constexpr auto kInsertApiToken =
    "INSERT INTO api_tokens (id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at)"
    " VALUES (:id, :token_hash, :user_id, :name, :role, :created_at, :expires_at, :last_used_at, :revoked_at)";
constexpr auto kFindApiToken = sql(kSelectApiToken, " WHERE token_hash = :token_hash");
constexpr auto kApiTokens = sql(kSelectApiToken, " WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC");
constexpr auto kRevokeApiToken = "UPDATE api_tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL";
constexpr auto kTouchApiToken =
    "UPDATE api_tokens SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)";

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
  return user;
}

Session read_session(Row& row) {
  Session session;
  session.id = row.text();
  session.hash = row.text();
  session.user_id = row.text();
  session.created_at = row.number();
  session.last_used_at = row.number();
  return session;
}

ApiToken read_api_token(Row& row) {
  ApiToken token;
  token.id = row.text();
  token.hash = row.text();
  token.user_id = row.text();
  token.name = row.text();
  token.role = read_role(row.text());
  token.created_at = row.number();
  token.expires_at = row.number();
  token.last_used_at = row.maybe_number();
  token.revoked_at = row.maybe_number();
  return token;
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

void AccountStore::insert_session(Transaction& transaction, const Session& session) const {
  auto query = transaction.query(kInsertSession).with("id", session.id).with("session_hash", session.hash);
  query.with("user_id", session.user_id).with("created_at", session.created_at);
  query.with("last_used_at", session.last_used_at).execute();
}

std::optional<Session> AccountStore::find_session(Transaction& transaction, const std::string& hash) const {
  return transaction.query(kFindSession).with("session_hash", hash).one(read_session);
}

void AccountStore::touch_session(Transaction& transaction, const std::string& id, std::int64_t at) const {
  transaction.query(kTouchSession).with("id", id).with("at", at).execute();
}

void AccountStore::end_session(Transaction& transaction, const std::string& id) const {
  transaction.query(kEndSession).with("id", id).execute();
}

void AccountStore::end_old_sessions(Transaction& transaction, std::int64_t used_before,
                                    std::int64_t made_before) const {
  transaction.query(kEndOldSessions).with("used_before", used_before).with("made_before", made_before).execute();
}

void AccountStore::insert_api_token(Transaction& transaction, const ApiToken& token) const {
  auto query = transaction.query(kInsertApiToken).with("id", token.id).with("token_hash", token.hash);
  query.with("user_id", token.user_id).with("name", token.name).with("role", std::string(to_text(token.role)));
  query.with("created_at", token.created_at).with("expires_at", token.expires_at);
  query.with("last_used_at", token.last_used_at).with("revoked_at", token.revoked_at).execute();
}

std::optional<ApiToken> AccountStore::find_api_token(Transaction& transaction, const std::string& hash) const {
  return transaction.query(kFindApiToken).with("token_hash", hash).one(read_api_token);
}

std::vector<ApiToken> AccountStore::api_tokens(Transaction& transaction) const {
  return transaction.query(kApiTokens).all(read_api_token);
}

bool AccountStore::revoke_api_token(Transaction& transaction, const std::string& id) const {
  return transaction.query(kRevokeApiToken).with("id", id).with("now", transaction.now()).execute() == 1;
}

void AccountStore::touch_api_token(Transaction& transaction, const std::string& id, std::int64_t at) const {
  transaction.query(kTouchApiToken).with("id", id).with("at", at).execute();
}

void AccountStore::set_setup_code(Transaction& transaction, const SetupCode& code) const {
  transaction.query(kSetSetupCode).with("code_hash", code.hash).with("expires_at", code.expires_at).execute();
}

std::optional<SetupCode> AccountStore::setup_code(Transaction& transaction) const {
  return transaction.query(kSetupCode).one(read_setup_code);
}

void AccountStore::clear_setup_code(Transaction& transaction) const { transaction.query(kClearSetupCode).execute(); }

}  // namespace wghub::store
