#include "apid/store/migration.h"

#include "apid/store/fault.h"
#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;
using std::chrono::milliseconds;

TEST_CASE("RefusesASchemaFromTheFutureByName") {
  Scratch scratch;
  scratch.write([&](Transaction& t) {
    t.query("INSERT INTO schema_version (version, name, applied_at) VALUES (9999, 'later', 0)").execute();
    return Done{};
  });
  std::string refusal;
  try {
    scratch.reopen();
  } catch (const std::runtime_error& error) {
    refusal = error.what();
  }
  CHECK(refusal.find(scratch.path()) != std::string::npos);
  CHECK(refusal.find("9999") != std::string::npos);
}

TEST_CASE("AMigrationThatFailsLeavesTheDatabaseAsItWas") {
  const ScratchDirectory directory;
  const auto connection = open_sqlite(directory.file("db"), Access::write, milliseconds(100));
  const std::vector<Script> good = {{1, "0001_a.sql", "", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);"},
                                    {1, "0001_a.sqlite.sql", "sqlite", "CREATE INDEX a_x ON a (x);"},
                                    {1, "0001_a.postgresql.sql", "postgresql", "NOT SQL"}};
  migrate(*connection, good, 0);
  auto bad = good;
  bad.push_back({2, "0002_b.sql", "", "CREATE TABLE b (x BIGINT); DROP TABLE a; CREATE TABLE b (x BIGINT);"});
  CHECK_THROWS_AS(migrate(*connection, bad, 0), Fault);
  const auto ask = [&](std::string_view sql) {
    return connection->query(sql).one([](Row& row) { return row.number(); }).value_or(-1);
  };
  CHECK(ask("SELECT COUNT(*) FROM a") == 1);
  CHECK(ask("SELECT COUNT(*) FROM sqlite_master WHERE name = 'b'") == 0);
  CHECK(ask("SELECT MAX(version) FROM schema_version") == 1);
  bad.back().sql = "CREATE TABLE b (x BIGINT);";
  migrate(*connection, bad, 0);
  migrate(*connection, bad, 0);
  CHECK(ask("SELECT MAX(version) FROM schema_version") == 2);
}
