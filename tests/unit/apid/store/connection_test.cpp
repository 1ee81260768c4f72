#include "apid/store/connection.h"

#include "apid/store/fault.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

TEST_CASE("ValuesOfSixtyFourBitsAndEmptyTextsSurvive") {
  Scratch scratch;
  const std::int64_t large = -9'007'199'254'740'993;
  scratch.write([&](Transaction& t) {
    t.query(
         "INSERT INTO proxmox_clusters (id, cluster_name, datacenter, created_at, updated_at)"
         " VALUES (:id, :name, :datacenter, :at, 5000000000)")
        .with("id", std::string("1"))
        .with("name", std::string())
        .with("datacenter", std::optional<std::string>())
        .with("at", large)
        .execute();
    return Done{};
  });
  scratch.read([&](Transaction& t) {
    t.query("SELECT created_at, updated_at, cluster_name, datacenter FROM proxmox_clusters").each([&](Row& row) {
      CHECK(row.number() == large);
      CHECK(row.number() == 5'000'000'000);
      CHECK(row.text().empty());
      CHECK_FALSE(row.maybe_text());
      return true;
    });
    return Done{};
  });
}

TEST_CASE("ErrorTextsHoldNoValues") {
  Scratch scratch;
  std::string text;
  (void)scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
    try {
      t.query("INSERT INTO clock (id, highest) VALUES (1, :highest)").with("highest", std::string("s3cret")).execute();
    } catch (const Fault& fault) {
      text = fault.what();
    }
    return Error(ErrorCode::forbidden);
  });
  CHECK(text.find("UNIQUE") != std::string::npos);
  CHECK(text.find("s3cret") == std::string::npos);
}
TEST_CASE("AQueryCannotStartInsideItself") {
  Scratch scratch;
  constexpr auto kClock = "SELECT highest FROM clock";
  int rows = 0;
  const auto outcome = scratch.database().read<Done>([&](Transaction& t) -> Outcome<Done> {
    t.query(kClock).each([&](Row&) {
      ++rows;
      t.query(kClock).each([](Row&) { return true; });
      return true;
    });
    return Done{};
  });
  CHECK_FALSE(outcome);
  CHECK(rows == 1);
  CHECK(scratch.ask(kClock) == "0");
}

TEST_CASE("AQueryThatIsLeftEarlyKeepsNoSnapshot") {
  Scratch scratch;
  const auto leave = [](Transaction& t) {
    t.query("SELECT version FROM schema_version UNION ALL SELECT 2").each([](Row&) { return false; });
    return Done{};
  };
  scratch.read(leave);
  scratch.write(leave);
  scratch.set_clock(2'000'000'000);
  scratch.write([](Transaction& t) { return now_of(t); });
  CHECK(scratch.ask("SELECT highest FROM clock") == "2000000000");
}

TEST_CASE("AStatementThatFailedCanRunAgain") {
  Scratch scratch;
  constexpr auto kAdd = "INSERT INTO setup_code (id, code_hash, expires_at) VALUES (:id, 'x', 0)";
  const auto add = [&](std::int64_t id) {
    return static_cast<bool>(scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      t.query(kAdd).with("id", id).execute();
      return Done{};
    }));
  };
  CHECK_FALSE(add(2));
  CHECK(add(1));
  CHECK_FALSE(add(1));
}
