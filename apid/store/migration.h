// Brings a database to the newest schema: the scripts of sql/, forward only, all in one transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apid/store/connection.h"

namespace wghub::store {

/// One file of sql/, put into the program by the build.
struct Script {
  std::int64_t version = 0;
  std::string_view name;     ///< of the file
  std::string_view dialect;  ///< empty: for every database
  std::string_view sql;
};

/// Of this program, by version; what every database runs comes first within one.
std::span<const Script> scripts();

/// Runs what the database lacks; table schema_version says what it has. Units: now is epoch seconds.
/// Errors: Fault, for a schema newer than the scripts too; the database is then as before.
void migrate(Connection& connection, std::span<const Script> scripts, std::int64_t now);

}  // namespace wghub::store
