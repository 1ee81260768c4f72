#include "apid/store/api_token_store.h"

#include "apid/store/column.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelectApiToken[] =
    "SELECT id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at FROM api_tokens";

constexpr auto kInsert =
    "INSERT INTO api_tokens (id, token_hash, user_id, name, role, created_at, expires_at, last_used_at, revoked_at)"
    " VALUES (:id, :token_hash, :user_id, :name, :role, :created_at, :expires_at, :last_used_at, :revoked_at)";
constexpr auto kFind = sql(kSelectApiToken, " WHERE token_hash = :token_hash");
constexpr auto kList = sql(kSelectApiToken, " WHERE revoked_at IS NULL ORDER BY created_at DESC, id DESC");
constexpr auto kRevoke = "UPDATE api_tokens SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL";
constexpr auto kIdsOf = "SELECT id FROM api_tokens WHERE user_id = :user_id AND revoked_at IS NULL";
constexpr auto kRevokeAllOf = "UPDATE api_tokens SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL";
constexpr auto kTouch =
    "UPDATE api_tokens SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at)";
constexpr auto kExpiredBetween =
    "SELECT id FROM api_tokens WHERE expires_at > :after AND expires_at <= :until AND revoked_at IS NULL";

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

std::string read_id(Row& row) { return row.text(); }

}  // namespace

void ApiTokenStore::insert(Transaction& transaction, const ApiToken& token) const {
  auto query = transaction.query(kInsert).with("id", token.id).with("token_hash", token.hash);
  query.with("user_id", token.user_id).with("name", token.name).with("role", std::string(to_text(token.role)));
  query.with("created_at", token.created_at).with("expires_at", token.expires_at);
  query.with("last_used_at", token.last_used_at).with("revoked_at", token.revoked_at).execute();
}

std::optional<ApiToken> ApiTokenStore::find(Transaction& transaction, const std::string& hash) const {
  return transaction.query(kFind).with("token_hash", hash).one(read_api_token);
}

std::vector<ApiToken> ApiTokenStore::list(Transaction& transaction) const {
  return transaction.query(kList).all(read_api_token);
}

bool ApiTokenStore::revoke(Transaction& transaction, const std::string& id) const {
  return transaction.query(kRevoke).with("id", id).with("now", transaction.now()).execute() == 1;
}

std::vector<std::string> ApiTokenStore::revoke_all_of(Transaction& transaction, const std::string& user_id) const {
  auto ids = transaction.query(kIdsOf).with("user_id", user_id).all(read_id);
  transaction.query(kRevokeAllOf).with("user_id", user_id).with("now", transaction.now()).execute();
  return ids;
}

void ApiTokenStore::touch(Transaction& transaction, const std::string& id, std::int64_t at) const {
  transaction.query(kTouch).with("id", id).with("at", at).execute();
}

std::vector<std::string> ApiTokenStore::expired_between(Transaction& transaction, std::int64_t after,
                                                        std::int64_t until) const {
  return transaction.query(kExpiredBetween).with("after", after).with("until", until).all(read_id);
}

}  // namespace wghub::store
