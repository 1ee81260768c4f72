#include "apid/store/database.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>

#include "apid/store/fault.h"
#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Until a write of another thread waits behind a gate, on a busy machine too.
constexpr milliseconds kUntilQueued{250};

constexpr auto kAdd = "INSERT INTO proxmox_clusters (id, cluster_name, created_at, updated_at) VALUES (:id, '', 0, 0)";
constexpr auto kCount = "SELECT COUNT(*) FROM proxmox_clusters";
constexpr auto kHighest = "SELECT highest FROM clock";

Outcome<Done> add(Database& database, int number, std::optional<ErrorCode> then_fail = {}) {
  return database.write<Done>([&](Transaction& t) -> Outcome<Done> {
    t.query(kAdd).with("id", make_id(number)).execute();
    if (then_fail) return Error(*then_fail);
    return Done{};
  });
}

Outcome<Done> add_large(Database& database, const std::string& id, std::size_t bytes) {
  return database.write<Done>([&](Transaction& t) -> Outcome<Done> {
    t.query("INSERT INTO proxmox_clusters (id, cluster_name, created_at, updated_at) VALUES (:id, :name, 0, 0)")
        .with("id", id)
        .with("name", std::string(bytes, 'x'))
        .execute();
    return Done{};
  });
}

std::optional<ErrorCode> code_of(const Outcome<Done>& outcome) {
  return outcome ? std::nullopt : std::optional(outcome.error().code);
}

milliseconds time_of(const std::function<void()>& action) {
  const auto start = steady_clock::now();
  action();
  return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
}

// No file of this process can grow beyond the limit while it is there: writes behind it fail with EFBIG.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// A file system of 2 MiB below the directory, where we may mount one.
class TinyDisk {
 public:
  explicit TinyDisk(const ScratchDirectory& directory) : path_(directory.file("disk")) {
    ::mkdir(path_.c_str(), 0700);
    is_mounted_ = ::mount("store-test", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~TinyDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool is_mounted() const { return is_mounted_; }
  bool grow() const { return ::mount("store-test", path_.c_str(), "tmpfs", MS_REMOUNT, "size=8m") == 0; }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

// Holds the writer until it goes, so that what is written meanwhile becomes one group.
class Gate {
 public:
  explicit Gate(Database& database) {
    thread_ = std::thread([&] {
      (void)database.write<Done>([&](Transaction&) -> Outcome<Done> {
        entered_ = true;
        while (!open_) std::this_thread::sleep_for(milliseconds(1));
        return Done{};
      });
    });
    while (!entered_) std::this_thread::sleep_for(milliseconds(1));
  }
  ~Gate() {
    open_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> entered_ = false;
  std::atomic<bool> open_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("AReaderCannotWrite") {
  Scratch scratch;
  const auto written = scratch.database().read<Done>([](Transaction& t) -> Outcome<Done> {
    t.query(kAdd).with("id", make_id(1)).execute();
    return Done{};
  });
  CHECK(code_of(written) == ErrorCode::internal);
  CHECK(scratch.ask(kCount) == "0");
}

TEST_CASE("AFailingWorkRollsBackItselfAlone") {
  Scratch scratch;
  Database& database = scratch.database();
  std::atomic<int> done = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> faulty = 0;
  std::vector<std::thread> threads;
  {
    const Gate gate(database);
    for (int i = 0; i < 30; ++i)
      threads.emplace_back([&, i] {
        // Every third is refused by itself, every third breaks a rule of the schema.
        const auto outcome = i % 3 == 0   ? add(database, i)
                             : i % 3 == 1 ? add(database, i, ErrorCode::forbidden)
                                          : database.write<Done>([&](Transaction& t) -> Outcome<Done> {
                                              t.query(kAdd).with("id", make_id(i)).execute();
                                              t.query(kAdd).with("id", make_id(i)).execute();
                                              return Done{};
                                            });
        done += !code_of(outcome);
        refused += code_of(outcome) == ErrorCode::forbidden;
        faulty += code_of(outcome) == ErrorCode::internal;
      });
    std::this_thread::sleep_for(milliseconds(50));
  }
  for (auto& thread : threads) thread.join();
  CHECK(done == 10);
  CHECK(refused == 10);
  CHECK(faulty == 10);
  CHECK(scratch.ask(kCount) == "10");
  CHECK(scratch.failures() == 0);
}

TEST_CASE("WritesAreCountedWithWhatBecameOfThem") {
  Scratch scratch;
  Database& database = scratch.database();
  const auto before = database.figures();
  CHECK(add(database, 1));
  CHECK_FALSE(add(database, 2, ErrorCode::forbidden));  // refused by its own rule: no fault of the database
  CHECK_FALSE(add(database, 1));
  const auto figures = database.figures();
  CHECK(figures.works == before.works + 3);
  CHECK(figures.commits == before.commits + 1);
  CHECK(figures.time > before.time);
  CHECK(figures.failed == 1);
  CHECK(figures.busy + figures.full == 0);
}

TEST_CASE("AnExceptionOfAWorkIsItsOwnError") {
  Scratch scratch;
  const auto outcome = scratch.database().write<Done>([](Transaction& t) -> Outcome<Done> {
    t.query(kAdd).with("id", make_id(1)).execute();
    throw std::runtime_error("unexpected");
  });
  CHECK(code_of(outcome) == ErrorCode::internal);
  CHECK(scratch.ask(kCount) == "0");
  CHECK(add(scratch.database(), 1));
}

TEST_CASE("AFullDatabaseFailsTheGroupAndRecoversByItself") {
  Scratch scratch;
  Database& database = scratch.database();
  const auto limit_pages = [&](std::string_view sql) {
    scratch.write([&](Transaction& t) {
      t.query(sql).each([](Row&) { return true; });
      return Done{};
    });
  };
  limit_pages("PRAGMA max_page_count = 60");
  std::optional<ErrorCode> small;
  std::optional<ErrorCode> large;
  std::thread first;
  std::thread second;
  {
    const Gate gate(database);
    first = std::thread([&] { small = code_of(add(database, 1)); });
    std::this_thread::sleep_for(kUntilQueued);
    second = std::thread([&] { large = code_of(add_large(database, "a", 100'000)); });
    std::this_thread::sleep_for(kUntilQueued);
  }
  first.join();
  second.join();
  CHECK(database.figures().full == 3);  // the gate's own too
  CHECK(small == ErrorCode::storage_full);
  CHECK(large == ErrorCode::storage_full);
  CHECK(scratch.ask(kCount) == "0");
  CHECK(scratch.failures() == 0);
  limit_pages("PRAGMA max_page_count = 10000");
  CHECK_FALSE(code_of(add_large(database, "a", 100'000)));
  CHECK(scratch.ask(kCount) == "1");
}

TEST_CASE("AFullDiskLosesNothingAndRecoversByItself") {
  const ScratchDirectory directory;
  const TinyDisk disk(directory);
  if (!disk.is_mounted()) return;  // not root
  std::atomic<int> failures = 0;
  DatabaseOptions options;
  options.path = directory.file("disk/db");
  options.clock = [] { return std::int64_t(1'700'000'000); };
  options.on_failure = [&](const std::string&) { ++failures; };
  Database database(options);
  int stored = 0;
  std::optional<ErrorCode> refusal;
  while (!refusal && stored < 1000) {
    refusal = code_of(add_large(database, make_id(stored), 30'000));
    stored += !refusal;
  }
  CHECK(refusal == ErrorCode::storage_full);
  CHECK(failures == 0);
  const auto count = [&] {
    const auto rows = database.read<std::int64_t>([](Transaction& t) -> Outcome<std::int64_t> {
      return t.query(kCount).one([](Row& row) { return row.number(); }).value_or(-1);
    });
    return rows ? *rows : -1;
  };
  CHECK(count() == stored);
  REQUIRE(disk.grow());
  CHECK(add_large(database, make_id(stored), 30'000));
  CHECK(count() == stored + 1);
}

TEST_CASE("ItsOwnLogNeverFillsTheDisk") {
  const ScratchDirectory directory;
  const TinyDisk disk(directory);
  if (!disk.is_mounted()) return;  // not root
  DatabaseOptions options;
  options.path = directory.file("disk/db");
  options.clock = [] { return std::int64_t(1'700'000'000); };
  Database database(options);
  REQUIRE(add_large(database, "a", 100'000));
  for (int round = 0; round < 200; ++round) {
    const auto outcome = database.write<Done>([&](Transaction& t) -> Outcome<Done> {
      t.query("UPDATE proxmox_clusters SET updated_at = updated_at + 1").execute();
      return Done{};
    });
    REQUIRE(outcome);
  }
}

TEST_CASE("AFailedWriteFailsTheGroupAndIsReported") {
  Scratch scratch;
  std::optional<ErrorCode> small;
  std::optional<ErrorCode> large;
  {
    std::thread first;
    std::thread second;
    const SizeLimit limit(4 << 20);
    {
      const Gate gate(scratch.database());
      first = std::thread([&] { small = code_of(add(scratch.database(), 1)); });
      std::this_thread::sleep_for(kUntilQueued);
      second = std::thread([&] { large = code_of(add_large(scratch.database(), "a", 8 << 20)); });
      std::this_thread::sleep_for(kUntilQueued);
    }
    first.join();
    second.join();
  }
  CHECK(small == ErrorCode::internal);
  CHECK(large == ErrorCode::internal);
  CHECK(scratch.failures() == 1);
  CHECK(scratch.ask(kCount) == "0");
}

TEST_CASE("WhileAnotherHoldsTheLockWritersWaitTheirTimeAndReadersRead") {
  Scratch scratch(milliseconds(400));
  REQUIRE(add(scratch.database(), 1));
  const auto other = open_sqlite(scratch.path(), Access::write, milliseconds(100));
  other->query("BEGIN IMMEDIATE").execute();
  std::atomic<int> busy = 0;
  std::atomic<int> in_time = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      std::this_thread::sleep_for(milliseconds(30 * i));
      const auto waited = time_of([&] {
        const auto outcome = add(scratch.database(), 10 + i);
        busy += code_of(outcome) == ErrorCode::database_busy && outcome.error().retry_after;
      });
      in_time += waited >= milliseconds(390) && waited < milliseconds(800);
    });
  for (int i = 0; i < 20; ++i) CHECK(scratch.ask(kCount) == "1");
  CHECK_FALSE(scratch.database().is_writable(50));
  for (auto& thread : threads) thread.join();
  CHECK(busy == 8);
  CHECK(in_time == 8);
  other->query("ROLLBACK").execute();
  CHECK(scratch.database().is_writable(1000));
  CHECK(scratch.ask(kCount) == "1");  // none was run after its caller had gone
  CHECK(add(scratch.database(), 2));
}

TEST_CASE("AWorkThatGotItsTurnInTimeIsRunOnce") {
  Scratch scratch(milliseconds(2000));
  const auto other = open_sqlite(scratch.path(), Access::write, milliseconds(100));
  other->query("BEGIN IMMEDIATE").execute();
  std::atomic<int> runs = 0;
  std::thread writer([&] {
    (void)scratch.database().write<Done>([&](Transaction&) -> Outcome<Done> {
      ++runs;
      return Done{};
    });
  });
  std::this_thread::sleep_for(milliseconds(300));
  other->query("ROLLBACK").execute();
  writer.join();
  CHECK(runs == 1);
}

TEST_CASE("ReadersThatAreAllTakenSayBusy") {
  Scratch scratch(milliseconds(100));
  std::atomic<bool> open = false;
  std::atomic<int> inside = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      (void)scratch.database().read<Done>([&](Transaction&) -> Outcome<Done> {
        ++inside;
        while (!open) std::this_thread::sleep_for(milliseconds(1));
        return Done{};
      });
    });
  while (inside < 8) std::this_thread::sleep_for(milliseconds(1));
  const auto outcome = scratch.database().read<Done>([](Transaction&) -> Outcome<Done> { return Done{}; });
  open = true;
  for (auto& thread : threads) thread.join();
  CHECK(code_of(outcome) == ErrorCode::database_busy);
}

TEST_CASE("AReadSeesOneMoment") {
  Scratch scratch;
  const auto seen = scratch.read([&](Transaction& t) {
    const auto count = [&] { return t.query(kCount).one([](Row& row) { return row.number(); }).value_or(-1); };
    const auto before = count();
    (void)add(scratch.database(), 1);
    return std::pair(before, count());
  });
  CHECK(seen == std::pair<std::int64_t, std::int64_t>(0, 0));
  CHECK(scratch.ask(kCount) == "1");
}

TEST_CASE("TimeNeverGoesBackBehindWhatWasCommitted") {
  Scratch scratch;
  const auto now = [&] { return scratch.write([](Transaction& t) { return now_of(t); }); };
  scratch.set_clock(2'000'000'000);
  CHECK(now() == 2'000'000'000);
  scratch.set_clock(1'000'000'000);
  CHECK(now() == 2'000'000'000);
  CHECK(scratch.read([](Transaction& t) { return now_of(t); }) == 2'000'000'000);
  scratch.reopen();
  CHECK(now() == 2'000'000'000);
  scratch.set_clock(2'000'000'005);
  CHECK(now() == 2'000'000'005);
  CHECK(scratch.ask(kHighest) == "2000000005");
}

TEST_CASE("BehindAClockThatWasSetBackTimeGoesOn") {
  Scratch scratch;
  scratch.set_clock(2'000'000'000);
  REQUIRE(add(scratch.database(), 1));
  scratch.set_clock(1'000'000'000);
  const auto began = steady_clock::now();
  const auto now = [&] { return scratch.read([](Transaction& t) { return now_of(t); }); };
  while (now() < 2'000'000'002 && steady_clock::now() - began < std::chrono::seconds(10))
    std::this_thread::sleep_for(milliseconds(20));
  CHECK(now() == 2'000'000'002);
  CHECK(steady_clock::now() - began > milliseconds(1900));
  CHECK(scratch.database().highest_time() == 2'000'000'000);
  REQUIRE(add(scratch.database(), 2));
  scratch.reopen();
  CHECK(now() >= 2'000'000'002);
}

TEST_CASE("AReadingThatWasNotCommittedDoesNotCount") {
  Scratch scratch;
  scratch.set_clock(2'000'000'000);
  CHECK_FALSE(add(scratch.database(), 1, ErrorCode::forbidden));
  scratch.set_clock(1'000'000'000);
  CHECK(scratch.read([](Transaction& t) { return now_of(t); }) < 2'000'000'000);
}
