#include "apid/store/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "apid/store/sqlite.h"
#include "common/crash_point.h"

namespace wghub::store {
namespace {

constexpr auto kMakeVersions =
    "CREATE TABLE IF NOT EXISTS schema_version ("
    "  version    BIGINT PRIMARY KEY,"  // number of the scripts that ran
    "  name       TEXT   NOT NULL,"     // of the first of them
    "  applied_at BIGINT NOT NULL)";    // epoch seconds
constexpr auto kVersion = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
constexpr auto kAddVersion =
    "INSERT INTO schema_version (version, name, applied_at) VALUES (:version, :name, :applied_at)";

void run_missing(Connection& connection, std::span<const Script> scripts, std::int64_t now) {
  connection.query(kMakeVersions).execute();
  WGHUB_CRASH_POINT("migrate.begun");
  const auto present = connection.query(kVersion).one([](Row& row) { return row.number(); }).value_or(0);
  std::int64_t newest = 0;
  for (const Script& script : scripts) newest = std::max(newest, script.version);
  if (present > newest)
    throw Fault(FaultKind::other, fmt::format("the database has schema version {}, newer than this program's {}: "
                                              "install the release that wrote it, or a later one",
                                              present, newest));
  std::int64_t reached = present;
  for (const Script& script : scripts) {
    if (script.version <= present || (!script.dialect.empty() && script.dialect != kDialect)) continue;
    run_script(connection.session(), std::string(script.sql));
    WGHUB_CRASH_POINT("migrate.script-run");
    if (script.version == reached) continue;
    reached = script.version;
    const std::string name(script.name);
    connection.query(kAddVersion).with("version", reached).with("name", name).with("applied_at", now).execute();
  }
}

}  // namespace

void migrate(Connection& connection, std::span<const Script> scripts, std::int64_t now) {
  connection.query("BEGIN IMMEDIATE").execute();
  try {
    run_missing(connection, scripts, now);
    WGHUB_CRASH_POINT("migrate.committing");
    connection.query("COMMIT").execute();
    WGHUB_CRASH_POINT("migrate.committed");
  } catch (...) {
    try {
      connection.query("ROLLBACK").execute();
    } catch (const Fault&) {  // rolled back already; the first cause is the one to tell
    }
    throw;
  }
}

}  // namespace wghub::store
