// Upgrades (F15): every released schema, with rows in it, is brought to the newest one by processes that are killed at
// each statement. released/NNNN.sql is a dump of a database as that release wrote it; a release adds its own.
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "apid/store/fault.h"
#include "apid/store/migration.h"
#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;
using Scripts = std::vector<Script>;

namespace {

const auto kReleased = std::filesystem::path(WGHUB_SOURCE "/tests/unit/apid/store/released");

// What a next release may want: a column, rows from rows, another index.
constexpr Script kNext = {9001, "9001_next.sql", "",
                          "ALTER TABLE proxmox_clusters ADD COLUMN region TEXT NOT NULL DEFAULT 'none';"
                          "UPDATE proxmox_clusters SET region = 'somewhere' WHERE datacenter IS NOT NULL;"
                          "CREATE TABLE names (name TEXT PRIMARY KEY, spokes BIGINT NOT NULL);"
                          "INSERT INTO names SELECT name, COUNT(*) FROM spoke_registrations GROUP BY name;"
                          "DROP INDEX spoke_registrations_token;"
                          "CREATE INDEX spoke_registrations_names ON spoke_registrations (name);"};

std::unique_ptr<Connection> open(const std::string& path) {
  return open_sqlite(path, Access::write, std::chrono::milliseconds(100));
}

std::string dump_of(std::int64_t version) {
  std::ifstream file(kReleased / fmt::format("{:04}.sql", version));
  return {std::istreambuf_iterator<char>(file), {}};
}

// A new file with that content; none: an empty one.
std::string make(const ScratchDirectory& directory, const std::string& name, const std::string& dump) {
  run_script(open(directory.file(name))->session(), dump);
  return directory.file(name);
}

std::vector<std::string> texts(Connection& connection, std::string_view sql) {
  return connection.query(sql).all([](Row& row) { return row.maybe_text().value_or("null"); });
}

std::vector<std::string> schema(Connection& connection) {
  return texts(connection, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name");
}

// The schema, and what is in the tables that the next release changes or counts.
std::vector<std::string> content(const std::string& path) {
  const auto connection = open(path);
  auto all = schema(*connection);
  for (const auto* sql : {"SELECT version || name FROM schema_version ORDER BY version", "PRAGMA integrity_check",
                          "SELECT name || spokes FROM names ORDER BY name", "SELECT COUNT(*) FROM audit_events",
                          "SELECT id || region FROM proxmox_clusters ORDER BY id",
                          "SELECT id || state || used FROM installation_tokens ORDER BY id"})
    for (auto& text : texts(*connection, sql)) all.push_back(std::move(text));
  return all;
}

int die_at_zero(unsigned /*event*/, void* left, void* /*statement*/, void* /*sql*/) {
  if (--*static_cast<int*>(left) == 0) std::raise(SIGKILL);
  return 0;
}

// Migrates in a process that dies before its n-th statement; whether it came to its end.
bool migrated_before(const std::string& path, const Scripts& scripts, int n) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const auto connection = open(path);
      auto* const backend = static_cast<soci::sqlite3_session_backend*>(connection->session().get_backend());
      sqlite_api::sqlite3_trace_v2(backend->conn_, SQLITE_TRACE_STMT, die_at_zero, &n);
      migrate(*connection, scripts, 0);
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE((WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL));
  return WIFEXITED(status);
}

// Returns at how many statements it was killed.
int survive_every_kill(const std::string& dump, const Scripts& all) {
  const ScratchDirectory directory;
  const auto whole = make(directory, "whole", dump);
  migrate(*open(whole), all, 0);
  const auto expected = content(whole);
  for (int n = 1;; ++n) {
    const auto path = make(directory, std::to_string(n), dump);
    const bool ended = migrated_before(path, all, n);
    if (!ended) migrate(*open(path), all, 0);
    REQUIRE(content(path) == expected);
    if (ended) return n - 1;
  }
}

}  // namespace

TEST_CASE("AMigrationKilledAtAnyStatementIsDoneByTheNextStart", "[F15]") {
  Scripts all(scripts().begin(), scripts().end());
  all.push_back(kNext);
  const int kills = survive_every_kill("", all);
  CHECK(kills > 40);
  WARN("from nothing: killed before each of " << kills << " statements, done by the next start");
  for (const Script& script : scripts()) {
    if (!script.dialect.empty()) continue;
    CAPTURE(script.name);
    const std::string dump = dump_of(script.version);
    REQUIRE_FALSE(dump.empty());  // a release without its dump
    const int kills_of_upgrade = survive_every_kill(dump, all);
    CHECK(kills_of_upgrade > 8);
    WARN("from " << script.name << ": killed before each of " << kills_of_upgrade
                 << " statements, done by the next start");
  }
}

TEST_CASE("AReleasedSchemaIsNeverEdited", "[F15]") {
  for (const Script& released : scripts()) {
    if (!released.dialect.empty()) continue;
    CAPTURE(released.name);
    const ScratchDirectory directory;
    Scripts until;
    for (const Script& script : scripts())
      if (script.version <= released.version) until.push_back(script);
    const auto made = open(make(directory, "made", ""));
    migrate(*made, until, 0);
    CHECK(schema(*made) == schema(*open(make(directory, "dump", dump_of(released.version)))));
  }
}
