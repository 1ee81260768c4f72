// The database: sessions, migrations, and the one writer that commits waiting requests together.
// Statements are in the stores; rules are the services'. SOCI stays behind this header.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/error.h"

namespace wghub::store {

/// A running read or write; stores take it as their first argument. Defined in transaction.h, for stores alone.
class Transaction;

/// The moment that the transaction takes for now. Units: epoch seconds. Never before the highest reading ever committed
/// (D21), and never standing still: behind a clock that was set back it goes on as time does.
std::int64_t now_of(const Transaction& transaction);

struct DatabaseOptions {
  std::string path;
  std::size_t readers = 8;
  std::size_t group_limit = 64;                        ///< writes per commit
  std::function<std::int64_t()> clock;                 ///< epoch seconds; called from several threads
  std::function<void(const std::string&)> on_failure;  ///< an I/O error in a commit: must end the process (F4)
  std::chrono::milliseconds patience{5000};            ///< how long a call waits for its turn
};

/// How writes went since the start. Errors are counted once for each write that met them.
struct WriteFigures {
  std::uint64_t works = 0;                     ///< asked for, whatever became of them
  std::chrono::steady_clock::duration time{};  ///< that they took together, waiting included
  std::uint64_t commits = 0;                   ///< of groups
  std::uint64_t busy = 0;                      ///< did not get their turn in time, or lost the lock
  std::uint64_t full = 0;                      ///< no space
  std::uint64_t failed = 0;                    ///< any other fault, of the storage or of ours
};

/// Thread-safe. Errors of every call: DATABASE_BUSY (after options.patience), STORAGE_FULL, INTERNAL, besides those of
/// the work itself.
class Database {
 public:
  /// Opens or creates the file and migrates it. Throws std::runtime_error naming path and cause; refuses a schema that
  /// is newer than this program.
  explicit Database(DatabaseOptions options);
  ~Database();

  /// Runs work in a write transaction and returns once it is durable. An error from work rolls back this work only; an
  /// I/O error fails the whole group. work runs on the writer thread: it must not block, and may run again after a
  /// busy database.
  template <class T>
  Outcome<T> write(const std::function<Outcome<T>(Transaction&)>& work) {
    std::optional<Outcome<T>> result;
    const auto fault = run_write([&](Transaction& transaction) {
      result.emplace(work(transaction));
      return static_cast<bool>(*result);
    });
    if (fault) return *fault;
    return std::move(*result);
  }

  /// Runs work on one consistent snapshot, on the calling thread.
  template <class T>
  Outcome<T> read(const std::function<Outcome<T>(Transaction&)>& work) {
    std::optional<Outcome<T>> result;
    const auto fault = run_read([&](Transaction& transaction) { result.emplace(work(transaction)); });
    if (fault) return *fault;
    return std::move(*result);
  }

  /// The highest clock reading ever committed (D21); 0 while there is none.
  std::int64_t highest_time() const;

  WriteFigures figures() const;

  /// Whether a write transaction can be had within the time (health).
  bool is_writable(std::int64_t milliseconds);

 private:
  std::optional<Error> run_write(const std::function<bool(Transaction&)>& work);
  std::optional<Error> run_read(const std::function<void(Transaction&)>& work);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wghub::store
