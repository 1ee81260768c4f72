#include "apid/store/connection.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include <charconv>
#include <deque>

#include "apid/store/fault.h"
#include "apid/store/sqlite.h"

namespace wghub::store {

// SOCI binds by address, so that every parameter and column has a place that stays as long as the statement.
// Columns come as texts whatever their type: SOCI's own rows cut integers to 32 bits.
class Statement : public Row {
 public:
  Statement(soci::session& session, std::string_view sql) : sql_(sql), session_(session), statement_(session) {
    guarded([&] {
      statement_.alloc();
      statement_.prepare(sql_);
      columns_.resize(static_cast<std::size_t>(statement_.get_backend()->prepare_for_describe()));
      for (auto& column : columns_) statement_.exchange(soci::into(column.text, column.state));
    });
  }

  template <class Value>
  void bind(std::string_view name, const Value* value) {
    auto [place, is_new] = parameters_.try_emplace(std::string(name));
    Parameter& parameter = place->second;
    if (is_new) {
      if constexpr (std::is_same_v<Value, std::string>)
        statement_.exchange(soci::use(parameter.text, parameter.state, place->first));
      else
        statement_.exchange(soci::use(parameter.number, parameter.state, place->first));
    }
    parameter.state = value ? soci::i_ok : soci::i_null;
    if (!value) return;
    if constexpr (std::is_same_v<Value, std::string>)
      parameter.text = *value;
    else
      parameter.number = *value;
  }

  void begin() {
    if (!is_bound_) guarded([&] { statement_.define_and_bind(); });
    is_bound_ = running_ = true;
  }
  void end() { running_ = false; }
  bool is_running() const { return running_; }

  bool first_row() {
    next_ = 0;
    return guarded([&] { return statement_.execute(true); });
  }
  bool next_row() {
    next_ = 0;
    return guarded([&] { return statement_.fetch(); });
  }
  bool has_columns() const { return !columns_.empty(); }
  std::int64_t changed_rows() { return statement_.get_affected_rows(); }
  const std::string& sql() const { return sql_; }

 private:
  struct Column {
    std::string text;
    soci::indicator state = soci::i_ok;
  };
  struct Parameter {
    std::string text;
    long long number = 0;
    soci::indicator state = soci::i_ok;
  };

  const std::string* column(std::size_t position) const override {
    const Column& found = columns_.at(position);
    return found.state == soci::i_null ? nullptr : &found.text;
  }

  template <class Action>
  auto guarded(Action action) -> decltype(action()) {
    try {
      return action();
    } catch (const soci::soci_error& error) {
      throw fault_of(session_, error, sql_);
    }
  }

  std::string sql_;
  soci::session& session_;
  std::deque<Column> columns_;
  std::map<std::string, Parameter, std::less<>> parameters_;
  soci::statement statement_;
  bool is_bound_ = false;
  bool running_ = false;
};

std::optional<std::string> Row::maybe_text() {
  const std::string* value = column(next_++);
  return value ? std::optional(*value) : std::nullopt;
}

std::string Row::text() {
  const std::string* value = column(next_++);
  if (!value) throw Fault(FaultKind::other, fmt::format("column {} is null", next_));
  return *value;
}

std::optional<std::int64_t> Row::maybe_number() {
  const std::string* value = column(next_++);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = value->data() + value->size();
  if (const auto read = std::from_chars(value->data(), end, number); read.ec != std::errc() || read.ptr != end)
    throw Fault(FaultKind::other, fmt::format("column {} is no whole number", next_));
  return number;
}

std::int64_t Row::number() {
  const auto value = maybe_number();
  if (!value) throw Fault(FaultKind::other, fmt::format("column {} is null", next_));
  return *value;
}

Query& Query::with(std::string_view name, const std::string& value) {
  statement_.bind(name, &value);
  return *this;
}

Query& Query::with(std::string_view name, std::int64_t value) {
  statement_.bind(name, &value);
  return *this;
}

Query& Query::with(std::string_view name, const std::optional<std::string>& value) {
  statement_.bind(name, value ? &*value : nullptr);
  return *this;
}

Query& Query::with(std::string_view name, const std::optional<std::int64_t>& value) {
  statement_.bind(name, value ? &*value : nullptr);
  return *this;
}

std::int64_t Query::execute() {
  each([](Row&) { return true; });
  return statement_.changed_rows();
}

void Query::each(const std::function<bool(Row&)>& read) {
  bool at_end = false;
  try {
    statement_.begin();
    bool has_row = statement_.first_row() && statement_.has_columns();
    while (has_row && read(statement_)) has_row = statement_.next_row();
    at_end = !has_row;
  } catch (...) {
    connection_.forget(statement_);
    throw;
  }
  // A statement left in the middle would keep its snapshot, and the WAL could not shrink.
  if (at_end)
    statement_.end();
  else
    connection_.forget(statement_);
}

Connection::Connection(std::unique_ptr<soci::session> session) : session_(std::move(session)) {}

Connection::~Connection() { statements_.clear(); }

Query Connection::query(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) {
    // Before anything is bound: the run that is under way must not notice.
    if (known->second->is_running()) throw std::logic_error("a query was started inside itself: " + known->first);
    return {*this, *known->second};
  }
  auto statement = std::make_unique<Statement>(*session_, sql);
  return {*this, *statements_.emplace(std::string(sql), std::move(statement)).first->second};
}

void Connection::forget(const Statement& statement) { statements_.erase(statements_.find(statement.sql())); }

}  // namespace wghub::store
