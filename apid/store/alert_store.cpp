#include "apid/store/alert_store.h"

#include <limits>

#include "apid/store/column.h"
#include "apid/store/paging.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelect[] = "SELECT number, at, kind, reason, subject, name FROM alerts";
constexpr auto kInsert =
    "INSERT INTO alerts (number, at, kind, reason, subject, name)"
    " SELECT COALESCE(MAX(number), 0) + 1, :at, :kind, :reason, :subject, :name FROM alerts";
constexpr auto kNewestFirst = sql(kSelect, " WHERE number < :before ORDER BY number DESC LIMIT :most");
constexpr auto kAfter = sql(kSelect, " WHERE number > :number ORDER BY number LIMIT :most");
constexpr auto kNewest = "SELECT COALESCE(MAX(number), 0) FROM alerts";
constexpr auto kPrune = "DELETE FROM alerts WHERE at < :before AND number < (SELECT MAX(number) FROM alerts)";
constexpr auto kBegin =
    "INSERT INTO standing_alerts (kind, subject, since) VALUES (:kind, :subject, :now)"
    " ON CONFLICT (kind, subject) DO NOTHING";
constexpr auto kEnd = "DELETE FROM standing_alerts WHERE kind = :kind AND subject = :subject";
constexpr auto kStanding = "SELECT subject, since FROM standing_alerts WHERE kind = :kind";

Alert read_alert(Row& row) {
  Alert alert;
  alert.number = row.number();
  alert.at = row.number();
  alert.kind = read_alert_kind(row.text());
  alert.reason = row.text();
  alert.subject = row.text();
  alert.name = row.text();
  return alert;
}

std::string column_of(AlertKind kind) { return std::string(to_text(kind)); }

}  // namespace

void AlertStore::append(Transaction& transaction, const Alert& alert) const {
  auto query = transaction.query(kInsert).with("at", transaction.now()).with("kind", column_of(alert.kind));
  query.with("reason", alert.reason).with("subject", alert.subject).with("name", alert.name).execute();
}

Page<Alert> AlertStore::list(Transaction& transaction, const PageRequest& page) const {
  const std::int64_t before = page.after ? page.after->at : std::numeric_limits<std::int64_t>::max();
  Page<Alert> result;
  result.items = transaction.query(kNewestFirst).with("before", before).with("most", page.limit + 1).all(read_alert);
  cut_page(result, page.limit, [](const Alert& alert) { return Cursor{alert.number, ""}; });
  return result;
}

std::vector<Alert> AlertStore::after(Transaction& transaction, std::int64_t number, std::int64_t most) const {
  return transaction.query(kAfter).with("number", number).with("most", most).all(read_alert);
}

std::int64_t AlertStore::newest(Transaction& transaction) const {
  return transaction.query(kNewest).one([](Row& row) { return row.number(); }).value_or(0);
}

void AlertStore::prune(Transaction& transaction, std::int64_t before) const {
  transaction.query(kPrune).with("before", before).execute();
}

bool AlertStore::begin(Transaction& transaction, AlertKind kind, const std::string& subject) const {
  auto query = transaction.query(kBegin).with("kind", column_of(kind)).with("subject", subject);
  return query.with("now", transaction.now()).execute() == 1;
}

bool AlertStore::end(Transaction& transaction, AlertKind kind, const std::string& subject) const {
  return transaction.query(kEnd).with("kind", column_of(kind)).with("subject", subject).execute() == 1;
}

std::map<std::string, std::int64_t> AlertStore::standing(Transaction& transaction, AlertKind kind) const {
  std::map<std::string, std::int64_t> subjects;
  transaction.query(kStanding).with("kind", column_of(kind)).each([&](Row& row) {
    const std::string subject = row.text();
    subjects[subject] = row.number();
    return true;
  });
  return subjects;
}

}  // namespace wghub::store
