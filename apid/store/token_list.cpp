// The part of TokenStore that speaks of many tokens at once: lists and counts.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <tuple>

#include "apid/store/paging.h"
#include "apid/store/sql_text.h"
#include "apid/store/token_row.h"
#include "apid/store/token_store.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

constexpr auto kNewest =
    sql(kSelectToken, " WHERE (created_at, id) < (:at, :id) ORDER BY created_at DESC, id DESC LIMIT :most");
constexpr auto kNewestInState =
    sql(kSelectToken,
        " WHERE state = :state AND expires_at > :from AND expires_at <= :until AND (created_at, id) < (:at, :id)"
        " ORDER BY created_at DESC, id DESC LIMIT :most");
// Of one row of the table: what expired since it was brought up to date.
constexpr char kSince[] =
    "(SELECT COUNT(*) FROM installation_tokens AS token WHERE token.state = counts.state"
    " AND token.state IN ('unused', 'claimed') AND expires_at > late_until AND expires_at <= :now)";
// It was brought up to date after the reader's moment, so it is ahead by these.
constexpr char kAhead[] =
    "(SELECT COUNT(*) FROM installation_tokens AS token WHERE token.state = counts.state"
    " AND token.state IN ('unused', 'claimed') AND expires_at > :now AND expires_at <= late_until)";
constexpr auto kCounts = sql("SELECT state, number, late + ", kSince, " - ", kAhead, " FROM token_counts AS counts");
constexpr auto kNewlyExpired = sql("SELECT SUM(", kSince, ") FROM token_counts AS counts");
constexpr auto kCountExpired = sql("UPDATE token_counts AS counts SET late_until = :now, late = late + ", kSince,
                                   " WHERE state IN ('unused', 'claimed') AND late_until < :now");
constexpr auto kSpokesWithOtherEndpoint =
    "SELECT COUNT(*) FROM spoke_registrations JOIN installation_tokens ON installation_tokens.id = token_id"
    " WHERE removed_at IS NULL AND hub_endpoint <> :endpoint";

/// Tokens in one stored state that expire after from, and not after until.
struct Range {
  TokenState state;
  std::int64_t from;
  std::int64_t until;
};

std::vector<Range> ranges_of(const std::string& status, std::int64_t now) {
  const Range live_claim{TokenState::claimed, now, kForever};
  const Range registered{TokenState::registered, -1, kForever};
  if (status == "unused") return {{TokenState::unused, now, kForever}};
  if (status == "claimed") return {live_claim};
  if (status == "registered") return {registered};
  if (status == "used") return {live_claim, registered};
  if (status == "expired") return {{TokenState::unused, -1, now}, {TokenState::claimed, -1, now}};
  if (status == "revoked") return {{TokenState::revoked, -1, kForever}};
  throw std::invalid_argument("no status of a token: " + status);
}

std::vector<Token> newest(Transaction& transaction, const Cursor& after, int most) {
  return transaction.query(kNewest).with("at", after.at).with("id", after.id).with("most", most).all(read_token);
}

std::vector<Token> newest_in(Transaction& transaction, const Range& range, const Cursor& after, int most) {
  auto query = transaction.query(kNewestInState).with("state", std::string(to_text(range.state)));
  query.with("from", range.from).with("until", range.until).with("at", after.at).with("id", after.id);
  return query.with("most", most).all(read_token);
}

bool is_newer(const Token& left, const Token& right) {
  return std::tie(left.created_at, left.id) > std::tie(right.created_at, right.id);
}

std::int64_t read_count(Row& row) { return row.number(); }

}  // namespace

Page<Token> TokenStore::list(Transaction& transaction, const std::optional<std::string>& status,
                             const PageRequest& page) const {
  const Cursor after = page.after.value_or(Cursor{kForever, ""});
  const int most = page.limit + 1;
  Page<Token> result;
  if (!status) {
    result.items = newest(transaction, after, most);
  } else {
    for (const Range& range : ranges_of(*status, transaction.now())) {
      auto items = newest_in(transaction, range, after, most);
      std::move(items.begin(), items.end(), std::back_inserter(result.items));
    }
    std::sort(result.items.begin(), result.items.end(), is_newer);
  }
  cut_page(result, page.limit, [](const Token& token) { return Cursor{token.created_at, token.id}; });
  return result;
}

TokenCounts TokenStore::counts(Transaction& transaction) const {
  TokenCounts counts;
  transaction.query(kCounts).with("now", transaction.now()).each([&](Row& row) {
    const TokenState state = read_token_state(row.text());
    const std::int64_t all = row.number();
    const std::int64_t late = row.number();
    if (state == TokenState::revoked) counts.revoked += all;
    if (state == TokenState::registered) counts.used += all;
    if (state == TokenState::claimed) counts.used += all - late;
    if (state == TokenState::unused) counts.unused += all - late;
    if (state == TokenState::unused || state == TokenState::claimed) counts.expired += late;
    return true;
  });
  return counts;
}

std::int64_t TokenStore::newly_expired(Transaction& transaction) const {
  return transaction.query(kNewlyExpired).with("now", transaction.now()).one(read_count).value_or(0);
}

void TokenStore::count_expired(Transaction& transaction) const {
  transaction.query(kCountExpired).with("now", transaction.now()).execute();
}

std::int64_t TokenStore::count_other_endpoints(Transaction& transaction, const std::string& endpoint) const {
  return transaction.query(kSpokesWithOtherEndpoint).with("endpoint", endpoint).one(read_count).value_or(0);
}

}  // namespace wghub::store
