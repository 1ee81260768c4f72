// A running read or write. For the stores (and their tests) alone: everybody else passes it on.
#pragma once

#include <cstdint>
#include <string_view>

#include "apid/store/connection.h"
#include "apid/store/database.h"

namespace wghub::store {

class Transaction {
 public:
  /// now: epoch seconds.
  Transaction(Connection& connection, std::int64_t now) : connection_(connection), now_(now) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// sql: a constant with named parameters (:id), never put together at run time. Errors: Fault.
  Query query(std::string_view sql) { return connection_.query(sql); }
  std::int64_t now() const { return now_; }

 private:
  Connection& connection_;
  std::int64_t now_;
};

}  // namespace wghub::store
