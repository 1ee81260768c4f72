#include "apid/store/address_store.h"

#include <stdexcept>

#include "apid/store/column.h"
#include "apid/store/transaction.h"
#include "common/crash_point.h"

namespace wghub::store {
namespace {

constexpr auto kClear = "DELETE FROM address_ranges";
constexpr auto kLowest = "SELECT first_address, last_address FROM address_ranges ORDER BY first_address LIMIT 1";
constexpr auto kAll = "SELECT first_address, last_address FROM address_ranges";
constexpr auto kAt = "SELECT first_address, last_address FROM address_ranges WHERE first_address = :address";
constexpr auto kAtOrBefore =
    "SELECT first_address, last_address FROM address_ranges WHERE first_address <= :address"
    " ORDER BY first_address DESC LIMIT 1";
constexpr auto kAdd = "INSERT INTO address_ranges (first_address, last_address) VALUES (:first, :last)";
constexpr auto kDrop = "DELETE FROM address_ranges WHERE first_address = :first";
constexpr auto kMoveEnd = "UPDATE address_ranges SET last_address = :last WHERE first_address = :first";

struct Range {
  Address first;
  Address last;
};

Range read_range(Row& row) {
  const Address first = read_sortable(row.text());
  return {first, read_sortable(row.text())};
}

void add(Transaction& transaction, const Range& range) {
  auto query = transaction.query(kAdd).with("first", sortable_column(range.first));
  query.with("last", sortable_column(range.last)).execute();
}

void drop(Transaction& transaction, const Range& range) {
  transaction.query(kDrop).with("first", sortable_column(range.first)).execute();
}

void move_end(Transaction& transaction, const Range& range, const Address& last) {
  auto query = transaction.query(kMoveEnd).with("first", sortable_column(range.first));
  query.with("last", sortable_column(last)).execute();
}

std::optional<Range> range_at_or_before(Transaction& transaction, const Address& address) {
  return transaction.query(kAtOrBefore).with("address", sortable_column(address)).one(read_range);
}

// The highest address of a family has itself as its next one: no range begins behind it.
Address next(Address address) {
  const Address before = address;
  for (std::size_t i = bits_of(address.family) / 8U; i-- > 0;)
    if (++address.bytes[i] != 0) return address;
  return before;
}

Address previous(Address address) {
  for (std::size_t i = bits_of(address.family) / 8U; i-- > 0;)
    if (address.bytes[i]-- != 0) return address;
  throw std::logic_error("there is no address before the first");
}

}  // namespace

void AddressStore::initialize(Transaction& transaction, const Network& network) const {
  transaction.query(kClear).execute();
  const Address first = next(first_host(network));
  Address last = last_address(network);
  if (!is_spoke_address(network, last)) last = previous(last);
  if (is_spoke_address(network, first) && first <= last) add(transaction, {first, last});
}

std::optional<Address> AddressStore::take_lowest(Transaction& transaction) const {
  const auto range = transaction.query(kLowest).one(read_range);
  if (!range) return std::nullopt;
  drop(transaction, *range);
  WGHUB_CRASH_POINT("address.taken");
  if (range->first != range->last) add(transaction, {next(range->first), range->last});
  return range->first;
}

bool AddressStore::take(Transaction& transaction, const Address& address) const {
  const auto range = range_at_or_before(transaction, address);
  if (!range || range->first.family != address.family || range->last < address) return false;
  if (range->first == address)
    drop(transaction, *range);
  else
    move_end(transaction, *range, previous(address));
  if (range->last != address) add(transaction, {next(address), range->last});
  return true;
}

void AddressStore::release(Transaction& transaction, const Address& address) const {
  const auto before = range_at_or_before(transaction, address);
  const bool is_near = before && before->first.family == address.family;
  if (is_near && address <= before->last)
    throw std::logic_error("an address was released that is free: " + to_string(address));
  const auto behind = transaction.query(kAt).with("address", sortable_column(next(address))).one(read_range);
  if (behind) drop(transaction, *behind);
  const Address last = behind ? behind->last : address;
  if (is_near && next(before->last) == address)
    move_end(transaction, *before, last);
  else
    add(transaction, {address, last});
}

std::int64_t AddressStore::count_free(Transaction& transaction) const {
  std::int64_t free = 0;
  transaction.query(kAll).each([&](Row& row) {
    const Range range = read_range(row);
    free += std::int64_t(to_number(range.last)) - std::int64_t(to_number(range.first)) + 1;
    return true;
  });
  return free;
}

}  // namespace wghub::store
