#include "apid/store/writer.h"

#include <algorithm>

#include "apid/store/sqlite.h"
#include "common/crash_point.h"
#include "common/log.h"

namespace wghub::store {
namespace {

constexpr auto kReadClock = "SELECT highest FROM clock WHERE id = 1";
constexpr auto kWriteClock = "UPDATE clock SET highest = :highest WHERE id = 1 AND highest < :highest";
constexpr std::chrono::seconds kRetryAfter{1};

std::int64_t steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Error busy() {
  Error error(ErrorCode::database_busy);
  error.retry_after = kRetryAfter;
  return error;
}

}  // namespace

struct Writer::Job {
  enum class Stage { waiting, running, done };

  Work work;
  Stage stage = Stage::waiting;
  std::optional<Error> fault;
  std::condition_variable done;
};

Writer::Writer(std::unique_ptr<Connection> connection, const DatabaseOptions& options)
    : options_(options), connection_(std::move(connection)) {
  keep_time(connection_->query(kReadClock).one([](Row& row) { return row.number(); }).value_or(0));
  thread_ = std::thread([this] { serve(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::int64_t Writer::now() const {
  return std::max({options_.clock(), committed_time_.load(), steady_seconds() + lead_.load()});
}

// One less, as both clocks are cut to whole seconds: time must not run ahead by that.
void Writer::keep_time(std::int64_t committed) {
  if (committed <= committed_time_) return;
  committed_time_ = committed;
  lead_ = std::max(lead_.load(), committed - steady_seconds() - 1);
}

std::shared_ptr<Writer::Job> Writer::enqueue(Work work) {
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(job);
  }
  wake_.notify_one();
  return job;
}

std::optional<Error> Writer::run(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  auto fault = wait_for(enqueue(std::cref(work)));
  count(fault, std::chrono::steady_clock::now() - began);
  return fault;
}

std::optional<Error> Writer::wait_for(const std::shared_ptr<Job>& job) {
  std::unique_lock lock(mutex_);
  const auto has_begun = [&] { return job->stage != Job::Stage::waiting; };
  if (!job->done.wait_for(lock, options_.patience, has_begun)) {
    // Under the lock: a work is either taken away here or run, never both.
    waiting_.erase(std::find(waiting_.begin(), waiting_.end(), job));
    return busy();
  }
  job->done.wait(lock, [&] { return job->stage == Job::Stage::done; });
  return job->fault;
}

void Writer::count(const std::optional<Error>& fault, std::chrono::steady_clock::duration time) {
  const std::lock_guard lock(mutex_);
  ++figures_.works;
  figures_.time += time;
  if (!fault) return;
  ++(fault->code == ErrorCode::database_busy  ? figures_.busy
     : fault->code == ErrorCode::storage_full ? figures_.full
                                              : figures_.failed);
}

WriteFigures Writer::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

bool Writer::is_writable(std::chrono::milliseconds patience) {
  const auto job = enqueue([](Transaction&) { return false; });
  std::unique_lock lock(mutex_);
  const bool ended = job->done.wait_for(lock, patience, [&] { return job->stage == Job::Stage::done; });
  if (job->stage == Job::Stage::waiting) waiting_.erase(std::find(waiting_.begin(), waiting_.end(), job));
  return ended && !job->fault;
}

void Writer::serve() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) break;
    }
    if (begin()) run_group();
  }
  fail_waiting(busy());
}

// Works are taken only once the lock is there, so that each waits by its own limit and none is begun in vain.
bool Writer::begin() {
  try {
    execute("BEGIN IMMEDIATE");
    return true;
  } catch (const Fault& fault) {
    if (fault.kind() != FaultKind::busy) fail_waiting(error_of(fault));
    return false;
  }
}

void Writer::run_group() {
  std::vector<std::shared_ptr<Job>> jobs;
  std::optional<Error> fault;
  WGHUB_CRASH_POINT("write.begun");
  group_writes_ = false;
  try {
    group_time_ = connection_->query(kReadClock).one([](Row& row) { return row.number(); }).value_or(0);
    while (jobs.size() < options_.group_limit) {
      auto job = take();
      if (!job) break;
      jobs.push_back(std::move(job));
      run_one(*jobs.back());
    }
    commit();
  } catch (const std::exception& cause) {
    fault = error_of(cause);
    try {
      execute("ROLLBACK");
    } catch (const Fault&) {  // SQLite has rolled back by itself already
    }
  }
  finish(jobs, fault);
  WGHUB_CRASH_POINT("write.told");
  shrink_log(connection_->session(), options_.path);
}

std::shared_ptr<Writer::Job> Writer::take() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  auto job = waiting_.front();
  waiting_.pop_front();
  job->stage = Job::Stage::running;
  return job;
}

void Writer::run_one(Job& job) {
  execute("SAVEPOINT work");
  if (attempt(job))
    group_writes_ = true;
  else
    execute("ROLLBACK TO work");
  execute("RELEASE work");
  WGHUB_CRASH_POINT("write.done");
}

bool Writer::attempt(Job& job) {
  group_time_ = std::max(group_time_, now());
  Transaction transaction(*connection_, group_time_);
  try {
    return job.work(transaction);
  } catch (const Fault& fault) {
    // No space, a lost lock and a failed disk are not this work's fault, and may have ended the transaction.
    if (fault.kind() != FaultKind::other) throw;
    job.fault = error_of(fault);
  } catch (const std::exception& cause) {
    job.fault = error_of(cause);
  }
  return false;
}

void Writer::commit() {
  if (!group_writes_) return execute("ROLLBACK");
  if (group_time_ > committed_time_) connection_->query(kWriteClock).with("highest", group_time_).execute();
  WGHUB_CRASH_POINT("write.committing");
  execute("COMMIT");
  group_committed_ = true;
  WGHUB_CRASH_POINT("write.committed");
  keep_time(group_time_);
}

Error Writer::error_of(const std::exception& cause) {
  const auto* const fault = dynamic_cast<const Fault*>(&cause);
  const FaultKind kind = fault ? fault->kind() : FaultKind::other;
  if (kind == FaultKind::busy) return busy();
  log::error("a write to the database failed", {{"cause", cause.what()}});
  if (kind == FaultKind::full) return ErrorCode::storage_full;
  if (kind == FaultKind::io && options_.on_failure) options_.on_failure(cause.what());
  return ErrorCode::internal;
}

void Writer::finish(const std::vector<std::shared_ptr<Job>>& jobs, const std::optional<Error>& fault) {
  {
    const std::lock_guard lock(mutex_);
    if (group_committed_) ++figures_.commits;
    group_committed_ = false;
    for (const auto& job : jobs) {
      if (fault) job->fault = fault;
      job->stage = Job::Stage::done;
    }
  }
  for (const auto& job : jobs) job->done.notify_one();
}

void Writer::fail_waiting(const Error& error) {
  std::vector<std::shared_ptr<Job>> jobs;
  while (auto job = take()) jobs.push_back(std::move(job));
  finish(jobs, error);
}

}  // namespace wghub::store
