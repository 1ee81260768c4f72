#include "apid/store/audit_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "apid/store/paging.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"
#include "common/crash_point.h"
#include "common/digest.h"

namespace wghub::store {
namespace {

constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

constexpr char kSelect[] =
    "SELECT id, at, actor_id, actor_name, source_address, user_agent, action, target, outcome, details, event_hash"
    " FROM audit_events";
constexpr char kRest[] =
    " AND id >= :from AND id <= :to AND (:actor = '' OR actor_name = :actor OR actor_id = :actor)"
    " AND (:action = '' OR action = :action) AND (:outcome = '' OR outcome = :outcome) ORDER BY id DESC LIMIT :most";

constexpr auto kHead = "SELECT last_id, last_hash FROM audit_head WHERE id = 1";
constexpr auto kMoveHead = "UPDATE audit_head SET last_id = :last_id, last_hash = :last_hash WHERE id = 1";
constexpr auto kBase = "SELECT base_id, base_hash FROM audit_head WHERE id = 1";
constexpr auto kInsert =
    "INSERT INTO audit_events (id, at, actor_id, actor_name, source_address, user_agent, action, target, outcome,"
    " details, event_hash) VALUES (:id, :at, :actor_id, :actor_name, :source_address, :user_agent, :action, :target,"
    " :outcome, :details, :event_hash)";
// A statement for each index: one for all would use none.
constexpr auto kOfTarget = sql(kSelect, " WHERE target = :target", kRest);
constexpr auto kOfAction = sql(kSelect, " WHERE action = :action", kRest);
constexpr auto kAll = sql(kSelect, " WHERE id > 0", kRest);
constexpr auto kOldestFirst = sql(kSelect, " ORDER BY id");
// Times never go back from one event to the next, so that a span of time is a span of ids.
constexpr auto kFirstSince = "SELECT id FROM audit_events WHERE at >= :at ORDER BY at, id LIMIT 1";
constexpr auto kLastUntil = "SELECT id FROM audit_events WHERE at <= :at ORDER BY at DESC, id DESC LIMIT 1";

struct Link {
  std::int64_t id = 0;
  std::string hash;
};

Link read_link(Row& row) {
  const std::int64_t id = row.number();
  return {id, row.text()};
}

AuditEvent read_event(Row& row) {
  AuditEvent event;
  event.id = row.number();
  event.at = row.number();
  event.actor.id = row.text();
  event.actor.name = row.text();
  event.actor.source_address = row.text();
  event.actor.user_agent = row.text();
  event.action = row.text();
  event.target = row.text();
  event.outcome = row.text();
  event.details = row.text();
  event.hash = row.text();
  return event;
}

std::int64_t read_id(Row& row) { return row.number(); }

// SHA-256 over the hash before and every column, each as LENGTH:TEXT so that no two rows have the same encoding.
std::string hash_of(const AuditEvent& event, const std::string& hash_before) {
  std::string encoding = hash_before;
  const auto add = [&](const std::string& text) { encoding += fmt::format("{}:{}", text.size(), text); };
  add(std::to_string(event.id));
  add(std::to_string(event.at));
  for (const auto* text : {&event.actor.id, &event.actor.name, &event.actor.source_address, &event.actor.user_agent,
                           &event.action, &event.target, &event.outcome, &event.details})
    add(*text);
  return to_hex(sha256(encoding));
}

Link find_link(Transaction& transaction, std::string_view sql) {
  const auto link = transaction.query(sql).one(read_link);
  if (!link) throw std::logic_error("table audit_head has no row");
  return *link;
}

Query with_event(Query query, const AuditEvent& event) {
  return query.with("id", event.id)
      .with("at", event.at)
      .with("actor_id", event.actor.id)
      .with("actor_name", event.actor.name)
      .with("source_address", event.actor.source_address)
      .with("user_agent", event.actor.user_agent)
      .with("action", event.action)
      .with("target", event.target)
      .with("outcome", event.outcome)
      .with("details", event.details);
}

Query choose(Transaction& transaction, const AuditFilter& filter) {
  if (filter.target) return transaction.query(kOfTarget).with("target", *filter.target);
  return transaction.query(filter.action ? std::string_view(kOfAction) : std::string_view(kAll));
}

}  // namespace

AuditEvent AuditStore::append(Transaction& transaction, AuditEvent event) const {
  const Link head = find_link(transaction, kHead);
  event.id = head.id + 1;
  event.at = transaction.now();
  event.hash = hash_of(event, head.hash);
  with_event(transaction.query(kInsert), event).with("event_hash", event.hash).execute();
  WGHUB_CRASH_POINT("audit.inserted");
  transaction.query(kMoveHead).with("last_id", event.id).with("last_hash", event.hash).execute();
  return event;
}

Page<AuditEvent> AuditStore::list(Transaction& transaction, const AuditFilter& filter, const PageRequest& page) const {
  std::int64_t from = 0;
  std::int64_t to = page.after ? page.after->at - 1 : kLast;
  if (filter.from) from = transaction.query(kFirstSince).with("at", *filter.from).one(read_id).value_or(kLast);
  if (filter.to) to = std::min(to, transaction.query(kLastUntil).with("at", *filter.to).one(read_id).value_or(-1));
  auto query = choose(transaction, filter).with("from", from).with("to", to);
  query.with("actor", filter.actor.value_or("")).with("action", filter.action.value_or(""));
  query.with("outcome", filter.outcome.value_or("")).with("most", page.limit + 1);
  Page<AuditEvent> result;
  result.items = query.all(read_event);
  cut_page(result, page.limit, [](const AuditEvent& event) { return Cursor{event.id, ""}; });
  return result;
}

AuditCheck AuditStore::verify(Transaction& transaction) const {
  Link link = find_link(transaction, kBase);
  AuditCheck check;
  transaction.query(kOldestFirst).each([&](Row& row) {
    const AuditEvent event = read_event(row);
    ++check.events;
    if (event.id != link.id + 1 || event.hash != hash_of(event, link.hash)) check.broken = link.id + 1;
    link = {event.id, event.hash};
    return !check.broken;
  });
  const Link head = find_link(transaction, kHead);
  if (!check.broken && head.id != link.id) check.broken = std::min(head.id, link.id) + 1;
  if (!check.broken && head.hash != link.hash) check.broken = link.id;
  return check;
}

}  // namespace wghub::store
