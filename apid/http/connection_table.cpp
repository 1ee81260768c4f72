#include "apid/http/connection_table.h"

#include <vector>

namespace wghub::http {

bool ConnectionTable::has_room(const Address& counted) const {
  const auto count = counts_.find(counted);
  return count == counts_.end() || count->second < per_address_;
}

void ConnectionTable::add(Connection& connection, const Address& counted) {
  entries_[&connection].counted = counted;
  if (counted) ++counts_[counted];
}

void ConnectionTable::remove(Connection& connection) {
  const auto entry = entries_.find(&connection);
  if (entry == entries_.end()) return;
  if (entry->second.waiting) waiting_.erase(entry->second.place);
  if (const auto count = counts_.find(entry->second.counted); count != counts_.end() && --count->second == 0)
    counts_.erase(count);
  entries_.erase(entry);
}

void ConnectionTable::waits(Connection& connection) {
  const auto entry = entries_.find(&connection);
  if (entry == entries_.end()) return;
  if (entry->second.waiting) {
    waiting_.splice(waiting_.end(), waiting_, entry->second.place);
    return;
  }
  entry->second.waiting = true;
  entry->second.place = waiting_.insert(waiting_.end(), &connection);
}

void ConnectionTable::busy(Connection& connection) {
  const auto entry = entries_.find(&connection);
  if (entry == entries_.end() || !entry->second.waiting) return;
  waiting_.erase(entry->second.place);
  entry->second.waiting = false;
}

bool ConnectionTable::abort_longest_waiting() {
  if (waiting_.empty()) return false;
  waiting_.front()->abort();
  return true;
}

void ConnectionTable::drain_all() {
  for_each([](Connection& connection) { connection.drain(); });
}

void ConnectionTable::abort_all() {
  for_each([](Connection& connection) { connection.abort(); });
}

// Actions remove their connection from the table, but no other.
void ConnectionTable::for_each(const std::function<void(Connection&)>& action) {
  std::vector<Connection*> all;
  all.reserve(entries_.size());
  for (const auto& [connection, entry] : entries_) all.push_back(connection);
  for (auto* connection : all) action(*connection);
}

}  // namespace wghub::http
