#include "apid/store/database.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "apid/store/migration.h"
#include "apid/store/sqlite.h"
#include "apid/store/writer.h"
#include "common/log.h"

namespace wghub::store {
namespace {

constexpr std::chrono::seconds kRetryAfter{1};

std::unique_ptr<Connection> connect(const DatabaseOptions& options, Access access) {
  return open_sqlite(options.path, access, options.patience);
}

// All connections are opened at start: under load there is no time to open one, and no memory to be surprised by.
class Readers {
 public:
  explicit Readers(const DatabaseOptions& options) : patience_(options.patience) {
    for (std::size_t i = 0; i < options.readers; ++i) free_.push_back(connect(options, Access::read));
  }

  // Nothing when none becomes free in time. SOCI's own pool waits by the wall clock, which may be set.
  std::unique_ptr<Connection> lease() {
    std::unique_lock lock(mutex_);
    if (!returned_.wait_for(lock, patience_, [&] { return !free_.empty(); })) return nullptr;
    auto connection = std::move(free_.back());
    free_.pop_back();
    return connection;
  }

  void give_back(std::unique_ptr<Connection> connection) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(std::move(connection));
    }
    returned_.notify_one();
  }

 private:
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> free_;
};

Error read_error(const std::exception& cause) {
  const auto* const fault = dynamic_cast<const Fault*>(&cause);
  if (fault && fault->kind() == FaultKind::busy) {
    Error error(ErrorCode::database_busy);
    error.retry_after = kRetryAfter;
    return error;
  }
  log::error("a read of the database failed", {{"cause", cause.what()}});
  return fault && fault->kind() == FaultKind::full ? ErrorCode::storage_full : ErrorCode::internal;
}

std::optional<Error> read_snapshot(Connection& connection, std::int64_t now,
                                   const std::function<void(Transaction&)>& work) {
  try {
    connection.query("BEGIN").execute();
    Transaction transaction(connection, now);
    work(transaction);
    connection.query("COMMIT").execute();
    return std::nullopt;
  } catch (const std::exception& cause) {
    const Error error = read_error(cause);
    try {
      connection.query("ROLLBACK").execute();
    } catch (const Fault&) {  // it had not begun, or was rolled back already
    }
    return error;
  }
}

}  // namespace

std::int64_t now_of(const Transaction& transaction) { return transaction.now(); }

class Database::Impl {
 public:
  explicit Impl(DatabaseOptions options)
      : options_(std::move(options)), writer_(connect_migrated(options_), options_), readers_(options_) {}

  Writer& writer() { return writer_; }

  std::optional<Error> read(const std::function<void(Transaction&)>& work) {
    auto connection = readers_.lease();
    if (!connection) return read_error(Fault(FaultKind::busy, "no reader became free"));
    auto error = read_snapshot(*connection, writer_.now(), work);
    readers_.give_back(std::move(connection));
    return error;
  }

 private:
  static std::unique_ptr<Connection> connect_migrated(const DatabaseOptions& options) {
    auto connection = connect(options, Access::write);
    try {
      migrate(*connection, scripts(), options.clock());
      set_patience(connection->session(), kLockPatience);
    } catch (const Fault& fault) {
      throw Fault(fault.kind(), options.path + ": " + fault.what());
    }
    return connection;
  }

  DatabaseOptions options_;
  Writer writer_;
  Readers readers_;
};

Database::Database(DatabaseOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Database::~Database() = default;

std::int64_t Database::highest_time() const { return impl_->writer().highest_time(); }

WriteFigures Database::figures() const { return impl_->writer().figures(); }

bool Database::is_writable(std::int64_t milliseconds) {
  return impl_->writer().is_writable(std::chrono::milliseconds(milliseconds));
}

std::optional<Error> Database::run_write(const std::function<bool(Transaction&)>& work) {
  return impl_->writer().run(work);
}

std::optional<Error> Database::run_read(const std::function<void(Transaction&)>& work) { return impl_->read(work); }

}  // namespace wghub::store
