// Everything that only SQLite knows: opening a file, its settings, its errors, its write-ahead log. The rest of the
// stores would run on PostgreSQL as it is.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "apid/store/connection.h"
#include "apid/store/fault.h"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace wghub::store {

enum class Access { read, write };

/// Opens the file, made with mode 0600 when there is none. patience: how long a statement waits for a lock. For writing
/// only once all that earlier processes committed is on the disk.
/// Errors: Fault naming the path.
std::unique_ptr<Connection> open_sqlite(const std::string& path, Access access, std::chrono::milliseconds patience);

/// What a failed statement means; sql is its text with the names of its parameters.
Fault fault_of(soci::session& session, const soci::soci_error& error, std::string_view sql);

/// Runs a script of several statements. Errors: Fault.
void run_script(soci::session& session, const std::string& sql);

/// How long the writer's connection waits for a lock before it looks at its queue again.
inline constexpr std::chrono::milliseconds kLockPatience{100};

void set_patience(soci::session& session, std::chrono::milliseconds patience);

/// Empties the write-ahead log when readers that never pause have let it grow beyond 32 MiB, or when it is larger than
/// what is left on the disk: emptying it may need as much. Waits for readers at most 250 ms, and then leaves it for the
/// next time. Call between transactions of the only writer; leaves its patience at kLockPatience.
void shrink_log(soci::session& session, const std::string& path);

/// The scripts that only SQLite runs end with this.
inline constexpr std::string_view kDialect = "sqlite";

}  // namespace wghub::store
