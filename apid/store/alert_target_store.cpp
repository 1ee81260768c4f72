#include "apid/store/alert_target_store.h"

#include "apid/store/column.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelect[] =
    "SELECT id, name, channel, address, signing_key, kinds, quiet_from, quiet_until, enabled, created_at, told_until,"
    " last_delivered_at, failing_since, last_error FROM alert_targets";
constexpr auto kInsert =
    "INSERT INTO alert_targets (id, name, channel, address, signing_key, kinds, quiet_from, quiet_until, enabled,"
    " created_at, told_until) VALUES (:id, :name, :channel, :address, :signing_key, :kinds, :quiet_from, :quiet_until,"
    " :enabled, :created_at, :told_until)";
constexpr auto kList = sql(kSelect, " ORDER BY created_at, id");
constexpr auto kFind = sql(kSelect, " WHERE id = :id");
constexpr auto kSaveSettings =
    "UPDATE alert_targets SET name = :name, kinds = :kinds, quiet_from = :quiet_from, quiet_until = :quiet_until,"
    " enabled = :enabled, told_until = :told_until WHERE id = :id";
constexpr auto kSaveProgress =
    "UPDATE alert_targets SET told_until = CASE WHEN told_until > :told_until THEN told_until ELSE :told_until END,"
    " last_delivered_at = :last_delivered_at, failing_since = :failing_since, last_error = :last_error WHERE id = :id";
constexpr auto kRemove = "DELETE FROM alert_targets WHERE id = :id";

std::optional<QuietHours> read_quiet_hours(Row& row) {
  const auto from = row.maybe_number();
  const auto until = row.maybe_number();
  if (!from || !until) return std::nullopt;
  return QuietHours{static_cast<int>(*from), static_cast<int>(*until)};
}

AlertTarget read_target(Row& row) {
  AlertTarget target;
  target.id = row.text();
  target.name = row.text();
  target.channel = read_alert_channel(row.text());
  target.address = Secret(row.text());
  target.signing_key = Secret(row.text());
  target.kinds = read_alert_kinds(row.text());
  target.quiet_hours = read_quiet_hours(row);
  target.enabled = row.flag();
  target.created_at = row.number();
  target.told_until = row.number();
  target.last_delivered_at = row.maybe_number();
  target.failing_since = row.maybe_number();
  target.last_error = row.text();
  return target;
}

Query with_settings(Query query, const AlertTarget& target) {
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> until;
  if (target.quiet_hours) {
    from = target.quiet_hours->from;
    until = target.quiet_hours->until;
  }
  return query.with("id", target.id)
      .with("name", target.name)
      .with("kinds", alert_kinds_column(target.kinds))
      .with("quiet_from", from)
      .with("quiet_until", until)
      .with("enabled", std::int64_t(target.enabled))
      .with("told_until", target.told_until);
}

}  // namespace

void AlertTargetStore::insert(Transaction& transaction, const AlertTarget& target) const {
  with_settings(transaction.query(kInsert), target)
      .with("channel", std::string(to_text(target.channel)))
      .with("address", std::string(target.address.reveal()))
      .with("signing_key", std::string(target.signing_key.reveal()))
      .with("created_at", target.created_at)
      .execute();
}

std::vector<AlertTarget> AlertTargetStore::list(Transaction& transaction) const {
  return transaction.query(kList).all(read_target);
}

std::optional<AlertTarget> AlertTargetStore::find(Transaction& transaction, const std::string& id) const {
  return transaction.query(kFind).with("id", id).one(read_target);
}

void AlertTargetStore::save_settings(Transaction& transaction, const AlertTarget& target) const {
  with_settings(transaction.query(kSaveSettings), target).execute();
}

void AlertTargetStore::save_progress(Transaction& transaction, const AlertTarget& target) const {
  transaction.query(kSaveProgress)
      .with("id", target.id)
      .with("told_until", target.told_until)
      .with("last_delivered_at", target.last_delivered_at)
      .with("failing_since", target.failing_since)
      .with("last_error", target.last_error)
      .execute();
}

bool AlertTargetStore::remove(Transaction& transaction, const std::string& id) const {
  return transaction.query(kRemove).with("id", id).execute() == 1;
}

}  // namespace wghub::store
