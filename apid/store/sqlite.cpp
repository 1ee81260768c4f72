#include "apid/store/sqlite.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "common/descriptor.h"

namespace wghub::store {
namespace {

constexpr off_t kLargeLog = 32 << 20;
constexpr std::chrono::milliseconds kShrinkPatience{250};

sqlite_api::sqlite3* handle_of(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

FaultKind kind_of(int extended_code, int system_error) {
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FaultKind::busy;
    case SQLITE_FULL:
      return FaultKind::full;
    case SQLITE_IOERR:
      // Growing the shared index of the log on a full disk is reported as a failed write. A failed sync stays fatal
      // whatever its reason: what is on the disk is unknown then.
      if (extended_code != SQLITE_IOERR_FSYNC && (system_error == ENOSPC || system_error == EDQUOT))
        return FaultKind::full;
      return FaultKind::io;
    default:
      return FaultKind::other;
  }
}

Fault fault_at(sqlite_api::sqlite3* handle, std::optional<int> result, const std::string& message,
               std::string_view where) {
  // The handle's code is more exact than the call's result, when it is of the same call.
  int code = sqlite_api::sqlite3_extended_errcode(handle);
  if (result && (code & 0xff) != (*result & 0xff)) code = *result;
  const int system_error = sqlite_api::sqlite3_system_errno(handle);
  auto text = fmt::format("{} ({}) in: {}", message, code, where);
  if ((code & 0xff) == SQLITE_IOERR && system_error != 0) text += fmt::format(": {}", std::strerror(system_error));
  return {kind_of(code, system_error), text};
}

// The mode of the log and its index follows the mode of the file. A file that is as it should be is not opened: closing
// it would end every lock that other connections of this process have on it (so POSIX wants it), and the next program
// to look at the database would take the log away under them.
void make_private(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0600) return;
  const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::fstat(file.get(), &status) != 0 || (status.st_mode & 07777) == 0600) {
    if (!file) throw Fault(FaultKind::other, fmt::format("{}: {}", path, std::strerror(errno)));
    return;
  }
  if (::fchmod(file.get(), 0600) != 0)
    throw Fault(FaultKind::other, fmt::format("{}: cannot be made private: {}", path, std::strerror(errno)));
}

// The log may hold commits of a process that ended because they could not be synced: here they look like any other, and
// nobody may be told of them before they are on the disk. Copying them into the file syncs both. No room for that is no
// failure: the log itself was synced before.
void make_durable(soci::session& session) {
  auto* const handle = handle_of(session);
  const int result =
      sqlite_api::sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY) return;
  const Fault fault = fault_at(handle, result, sqlite_api::sqlite3_errmsg(handle), "the first checkpoint");
  if (fault.kind() != FaultKind::full) throw fault;
}

}  // namespace

std::unique_ptr<Connection> open_sqlite(const std::string& path, Access access, std::chrono::milliseconds patience) {
  make_private(path);
  try {
    // A path with a space would end there: the connection text has its own quotes.
    auto session = std::make_unique<soci::session>(soci::sqlite3, fmt::format("dbname=\"{}\"", path));
    set_patience(*session, patience);
    run_script(*session,
               "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
               "PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216;");
    // A page of an index is changed again and again: checkpoints that are four times as rare write it a fourth as
    // often. What a savepoint would go back to needs no file.
    run_script(*session,
               access == Access::write
                   ? "PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;"
                   : "PRAGMA cache_size = -1024; PRAGMA query_only = ON;");
    if (access == Access::write) make_durable(*session);
    return std::make_unique<Connection>(std::move(session));
  } catch (const soci::soci_error& error) {
    throw Fault(FaultKind::other, fmt::format("{}: {}", path, error.get_error_message()));
  } catch (const Fault& fault) {
    throw Fault(fault.kind(), fmt::format("{}: {}", path, fault.what()));
  }
}

Fault fault_of(soci::session& session, const soci::soci_error& error, std::string_view sql) {
  // what() would add the values of the parameters.
  const auto* const known = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (!known) return {FaultKind::other, fmt::format("{} in: {}", error.get_error_message(), sql)};
  return fault_at(handle_of(session), known->result(), error.get_error_message(), sql);
}

void run_script(soci::session& session, const std::string& sql) {
  auto* const handle = handle_of(session);
  if (sqlite_api::sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    throw fault_at(handle, std::nullopt, sqlite_api::sqlite3_errmsg(handle), "a script");
}

void set_patience(soci::session& session, std::chrono::milliseconds patience) {
  sqlite_api::sqlite3_busy_timeout(handle_of(session), static_cast<int>(patience.count()));
}

void shrink_log(soci::session& session, const std::string& path) {
  const std::string log = path + "-wal";
  struct stat status = {};
  struct statvfs disk = {};
  if (::stat(log.c_str(), &status) != 0 || ::statvfs(log.c_str(), &disk) != 0) return;
  const auto left = static_cast<off_t>(disk.f_bavail * disk.f_frsize);
  if (status.st_size <= std::min(left, kLargeLog)) return;
  set_patience(session, kShrinkPatience);
  sqlite_api::sqlite3_wal_checkpoint_v2(handle_of(session), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  set_patience(session, kLockPatience);
}

}  // namespace wghub::store
