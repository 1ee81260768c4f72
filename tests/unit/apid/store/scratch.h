// A database in a directory of its own for one test, and rows to put into it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "apid/model/spoke.h"
#include "apid/model/token.h"
#include "apid/store/address_store.h"
#include "apid/store/database.h"
#include "apid/store/spoke_store.h"
#include "apid/store/token_store.h"
#include "apid/store/transaction.h"

namespace wghub::store {

/// Takes its directory away with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A migrated database whose clock stands still until it is set.
class Scratch {
 public:
  explicit Scratch(std::chrono::milliseconds patience = std::chrono::seconds(5));

  Database& database() { return *database_; }
  std::string path() const { return directory_.file("database.sqlite"); }
  void set_clock(std::int64_t now) { clock_ = now; }
  std::int64_t clock() const { return clock_; }
  int failures() const { return failures_; }
  void reopen();
  void close() { database_.reset(); }

  /// Runs work in a write transaction that must succeed and returns what it returns.
  template <class Work>
  auto write(Work work) {
    using T = decltype(work(std::declval<Transaction&>()));
    auto result = database_->write<T>([&](Transaction& transaction) -> Outcome<T> { return work(transaction); });
    if (!result) throw std::runtime_error("a write failed");
    return *std::move(result);
  }
  template <class Work>
  auto read(Work work) {
    using T = decltype(work(std::declval<Transaction&>()));
    auto result = database_->read<T>([&](Transaction& transaction) -> Outcome<T> { return work(transaction); });
    if (!result) throw std::runtime_error("a read failed");
    return *std::move(result);
  }
  /// The first column of the first row, or "".
  std::string ask(std::string_view sql);

 private:
  ScratchDirectory directory_;
  std::atomic<std::int64_t> clock_ = 1'700'000'000;
  std::atomic<int> failures_ = 0;
  std::chrono::milliseconds patience_;
  std::unique_ptr<Database> database_;
};

/// An unused token of its own for every number, valid for a day from now, with address 10.0.0.0 + number, held.
Token make_token(int number, std::int64_t now = 1'700'000'000);
/// A pending spoke of that token.
Spoke make_spoke(const Token& token, int key_number);
PublicKey make_key(int number);
std::string make_id(int number);

}  // namespace wghub::store
