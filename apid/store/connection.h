// One connection to the database and its prepared statements, each prepared once and kept. For the stores alone;
// leaves opening and settings to sqlite.h and transactions to database.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace soci {
class session;
}

namespace wghub::store {

/// The columns of one row, read from left to right. Errors: Fault for a null where a value is due.
class Row {
 public:
  virtual ~Row() = default;
  std::string text();
  std::int64_t number();
  bool flag() { return number() != 0; }
  std::optional<std::string> maybe_text();
  std::optional<std::int64_t> maybe_number();

 protected:
  virtual const std::string* column(std::size_t position) const = 0;  // nullptr: null
  std::size_t next_ = 0;
};

class Statement;
class Connection;

/// A statement about to run: bind every name in it, then call one of the last four, once.
class Query {
 public:
  Query(Connection& connection, Statement& statement) : connection_(connection), statement_(statement) {}

  Query& with(std::string_view name, const std::string& value);
  Query& with(std::string_view name, std::int64_t value);
  Query& with(std::string_view name, const std::optional<std::string>& value);
  Query& with(std::string_view name, const std::optional<std::int64_t>& value);

  /// Returns the number of rows that it changed.
  std::int64_t execute();
  /// Calls read for every row until it returns false.
  void each(const std::function<bool(Row&)>& read);

  /// decode makes a value of a Row; nothing when there is no row.
  template <class Decode>
  auto one(Decode decode) {
    std::optional<decltype(decode(std::declval<Row&>()))> value;
    each([&](Row& row) {
      value.emplace(decode(row));
      return true;
    });
    return value;
  }
  template <class Decode>
  auto all(Decode decode) {
    std::vector<decltype(decode(std::declval<Row&>()))> values;
    each([&](Row& row) {
      values.push_back(decode(row));
      return true;
    });
    return values;
  }

 private:
  Connection& connection_;
  Statement& statement_;
};

/// Not thread-safe: one thread at a time.
class Connection {
 public:
  explicit Connection(std::unique_ptr<soci::session> session);
  ~Connection();

  /// The same text must always be bound with the same types. A query must end before the same one starts again.
  Query query(std::string_view sql);
  soci::session& session() { return *session_; }

 private:
  friend class Query;
  void forget(const Statement& statement);

  std::unique_ptr<soci::session> session_;
  std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

}  // namespace wghub::store
