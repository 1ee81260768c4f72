#include "apid/store/session_store.h"

#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelectSession[] =
    "SELECT id, session_hash, user_id, created_at, last_used_at, stepped_up_at, source_address, user_agent"
    " FROM sessions";
constexpr char kIsOver[] = "(last_used_at <= :used_until OR created_at <= :made_until)";

constexpr auto kInsert =
    "INSERT INTO sessions"
    " (id, session_hash, user_id, created_at, last_used_at, stepped_up_at, source_address, user_agent)"
    " VALUES (:id, :session_hash, :user_id, :created_at, :last_used_at, :stepped_up_at, :source_address, :user_agent)";
constexpr auto kFind = sql(kSelectSession, " WHERE session_hash = :session_hash");
constexpr auto kListOf =
    sql(kSelectSession, " WHERE user_id = :user_id AND NOT ", kIsOver, " ORDER BY created_at DESC, id DESC");
constexpr auto kTouch = "UPDATE sessions SET last_used_at = :at WHERE id = :id AND last_used_at < :at";
constexpr auto kStepUp = "UPDATE sessions SET stepped_up_at = :now, last_used_at = :now WHERE id = :id";
constexpr auto kEnd = "DELETE FROM sessions WHERE id = :id AND user_id = :user_id";
constexpr auto kIdsOf = "SELECT id FROM sessions WHERE user_id = :user_id";
constexpr auto kEndAllOf = "DELETE FROM sessions WHERE user_id = :user_id";
constexpr auto kFindOver = sql("SELECT id FROM sessions WHERE ", kIsOver);
constexpr auto kEndOver = sql("DELETE FROM sessions WHERE ", kIsOver);

Session read_session(Row& row) {
  Session session;
  session.id = row.text();
  session.hash = row.text();
  session.user_id = row.text();
  session.created_at = row.number();
  session.last_used_at = row.number();
  session.stepped_up_at = row.number();
  session.source_address = row.text();
  session.user_agent = row.text();
  return session;
}

std::string read_id(Row& row) { return row.text(); }

}  // namespace

void SessionStore::insert(Transaction& transaction, const Session& session) const {
  auto query = transaction.query(kInsert).with("id", session.id).with("session_hash", session.hash);
  query.with("user_id", session.user_id).with("created_at", session.created_at);
  query.with("last_used_at", session.last_used_at).with("stepped_up_at", session.stepped_up_at);
  query.with("source_address", session.source_address).with("user_agent", session.user_agent).execute();
}

std::optional<Session> SessionStore::find(Transaction& transaction, const std::string& hash) const {
  return transaction.query(kFind).with("session_hash", hash).one(read_session);
}

std::vector<Session> SessionStore::list_of(Transaction& transaction, const std::string& user_id,
                                           const SessionAges& over) const {
  auto query = transaction.query(kListOf).with("user_id", user_id);
  return query.with("used_until", over.used_until).with("made_until", over.made_until).all(read_session);
}

void SessionStore::touch(Transaction& transaction, const std::string& id, std::int64_t at) const {
  transaction.query(kTouch).with("id", id).with("at", at).execute();
}

void SessionStore::step_up(Transaction& transaction, const std::string& id) const {
  transaction.query(kStepUp).with("id", id).with("now", transaction.now()).execute();
}

bool SessionStore::end(Transaction& transaction, const std::string& user_id, const std::string& id) const {
  return transaction.query(kEnd).with("id", id).with("user_id", user_id).execute() == 1;
}

std::vector<std::string> SessionStore::ids_of(Transaction& transaction, const std::string& user_id) const {
  return transaction.query(kIdsOf).with("user_id", user_id).all(read_id);
}

std::vector<std::string> SessionStore::end_all_of(Transaction& transaction, const std::string& user_id) const {
  auto ids = ids_of(transaction, user_id);
  transaction.query(kEndAllOf).with("user_id", user_id).execute();
  return ids;
}

std::vector<std::string> SessionStore::find_over(Transaction& transaction, const SessionAges& over) const {
  auto query = transaction.query(kFindOver).with("used_until", over.used_until).with("made_until", over.made_until);
  return query.all(read_id);
}

void SessionStore::end_over(Transaction& transaction, const SessionAges& over) const {
  auto query = transaction.query(kEndOver).with("used_until", over.used_until);
  query.with("made_until", over.made_until).execute();
}

}  // namespace wghub::store
