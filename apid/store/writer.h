// The one thread that writes: it takes the works that wait, runs each in a savepoint, and commits them together.
// Leaves opening the database and what a reader does to database.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "apid/store/database.h"
#include "apid/store/transaction.h"

namespace wghub::store {

class Writer {
 public:
  using Work = std::function<bool(Transaction&)>;  ///< false: roll this work back

  /// Starts the thread.
  Writer(std::unique_ptr<Connection> connection, const DatabaseOptions& options);
  ~Writer();

  /// Returns when the work is durable, or refused, or was never begun. Errors: as those of Database::write.
  std::optional<Error> run(const Work& work);
  WriteFigures figures() const;
  /// Whether an empty write transaction ended within the time.
  bool is_writable(std::chrono::milliseconds patience);
  /// Never before the highest reading ever committed, and going on from there while the clock is behind it.
  std::int64_t now() const;
  std::int64_t highest_time() const { return committed_time_; }

 private:
  struct Job;

  std::shared_ptr<Job> enqueue(Work work);
  std::optional<Error> wait_for(const std::shared_ptr<Job>& job);
  void count(const std::optional<Error>& fault, std::chrono::steady_clock::duration time);
  void serve();
  bool begin();
  void run_group();
  std::shared_ptr<Job> take();
  void run_one(Job& job);
  bool attempt(Job& job);
  void commit();
  void keep_time(std::int64_t committed);
  Error error_of(const std::exception& cause);
  void finish(const std::vector<std::shared_ptr<Job>>& jobs, const std::optional<Error>& fault);
  void fail_waiting(const Error& error);
  void execute(std::string_view sql) { connection_->query(sql).execute(); }

  const DatabaseOptions& options_;
  std::unique_ptr<Connection> connection_;
  std::atomic<std::int64_t> committed_time_ = 0;  // the row of table clock
  std::atomic<std::int64_t> lead_ = 0;            // to be added to the steady clock for the time that has gone on since
  std::int64_t group_time_ = 0;                   // the highest reading of the running group
  bool group_writes_ = false;                     // whether anything is there to commit
  bool group_committed_ = false;                  // and was, and is not counted yet

  mutable std::mutex mutex_;  // guards what follows, and the stages of all jobs
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> waiting_;
  bool stopping_ = false;
  WriteFigures figures_{};
  std::thread thread_;
};

}  // namespace wghub::store
