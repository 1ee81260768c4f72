#include "apid/store/sqlite.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;
using std::chrono::milliseconds;

namespace {
constexpr auto kAdd =
    "INSERT INTO proxmox_clusters (id, cluster_name, created_at, updated_at) VALUES (:id, :name, 0, 0)";
constexpr auto kCount = "SELECT COUNT(*) FROM proxmox_clusters";

void add(Scratch& scratch, int number, std::size_t bytes = 0) {
  scratch.write([&](Transaction& t) {
    t.query(kAdd).with("id", make_id(number)).with("name", std::string(bytes, 'x')).execute();
    return Done{};
  });
}
}  // namespace

TEST_CASE("TheFileIsPrivateAndDurable") {
  Scratch scratch;
  add(scratch, 1);
  for (const auto* ending : {"", "-wal", "-shm"}) {
    struct stat status = {};
    REQUIRE(::stat((scratch.path() + ending).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
  }
  CHECK(scratch.ask("PRAGMA synchronous") == "2");
  CHECK(scratch.ask("PRAGMA foreign_keys") == "1");
  CHECK(scratch.ask("PRAGMA journal_mode") == "wal");
  const auto on_writer = scratch.write([&](Transaction& t) {
    return t.query("PRAGMA synchronous").one([](Row& row) { return row.number(); }).value_or(0) * 10 +
           t.query("PRAGMA foreign_keys").one([](Row& row) { return row.number(); }).value_or(0);
  });
  CHECK(on_writer == 21);
  scratch.reopen();
  CHECK(scratch.ask(kCount) == "1");
}

TEST_CASE("AnExistingFileBecomesPrivate") {
  Scratch scratch;
  scratch.close();
  REQUIRE(::chmod(scratch.path().c_str(), 0644) == 0);
  scratch.reopen();
  struct stat status = {};
  REQUIRE(::stat(scratch.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("TheLogShrinksThoughReadersNeverPause") {
  Scratch scratch;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop)
        scratch.read([](Transaction& t) {
          t.query("SELECT highest FROM clock").one([](Row& row) { return row.number(); });
          std::this_thread::sleep_for(milliseconds(3));
          return Done{};
        });
    });
  off_t largest = 0;
  for (int i = 0; i < 120; ++i) {
    add(scratch, i, 400'000);
    struct stat status = {};
    if (::stat((scratch.path() + "-wal").c_str(), &status) == 0) largest = std::max(largest, status.st_size);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  CHECK(largest < 40 << 20);
}

TEST_CASE("RefusesAFileThatIsNoDatabase") {
  const ScratchDirectory directory;
  std::FILE* const file = std::fopen(directory.file("db").c_str(), "w");
  REQUIRE(file);
  std::fputs("This is no database, but a text that is long enough to be looked at as if it were one.\n", file);
  std::fclose(file);
  DatabaseOptions options;
  options.path = directory.file("db");
  options.clock = [] { return std::int64_t(0); };
  CHECK_THROWS_AS(Database(options), std::runtime_error);
  options.path = directory.file("nowhere/db");
  CHECK_THROWS_AS(Database(options), std::runtime_error);
}
