// Measures and prints; asserts nothing, and runs only when asked for: TMPDIR=/var/tmp unit_tests '[throughput]'.
// TMPDIR must be on the disk that is meant.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "apid/store/audit_store.h"
#include "apid/store/hub_store.h"
#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;
using std::chrono::steady_clock;

namespace {

constexpr int kThreads = 64;

double seconds_of(const std::function<void()>& action) {
  const auto start = steady_clock::now();
  action();
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

double cpu_seconds() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The yardstick: rows that SQLite alone commits in groups of 16, durably.
double bare_rows_per_second() {
  const ScratchDirectory directory;
  const auto connection = open_sqlite(directory.file("bare"), Access::write, std::chrono::seconds(1));
  connection->query("CREATE TABLE bare (id BIGINT PRIMARY KEY, text TEXT)").execute();
  constexpr int kGroups = 300;
  std::int64_t id = 0;
  const double seconds = seconds_of([&] {
    for (int group = 0; group < kGroups; ++group) {
      connection->query("BEGIN IMMEDIATE").execute();
      for (int i = 0; i < 16; ++i)
        connection->query("INSERT INTO bare (id, text) VALUES (:id, :text)")
            .with("id", ++id)
            .with("text", std::string(200, 'x'))
            .execute();
      connection->query("COMMIT").execute();
    }
  });
  return 16 * kGroups / seconds;
}

enum class Ids { scattered, ordered };

class Load {
 public:
  explicit Load(Ids ids) : ids_(ids) {
    HubConfig hub;
    hub.network = *parse_network("10.0.0.0/16");
    hub.endpoint = "hub.example:51820";
    scratch_.write([&](Transaction& t) {
      hubs_.insert(t, hub);
      addresses_.initialize(t, hub.network);
      return Done{};
    });
  }

  void create_token(int number) {
    const auto made = scratch_.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      if (!hubs_.find(t)) return ErrorCode::hub_not_initialized;
      for (const auto& address : tokens_.end_expired_holds(t, 16)) addresses_.release(t, address);
      Token token = token_of(number);
      token.address = addresses_.take_lowest(t).value();
      tokens_.insert(t, token);
      audit(t, "token.created", token.id);
      return Done{};
    });
    if (!made) throw std::runtime_error("a token was not made");
  }

  void register_spoke(int number) {
    const Token wanted = token_of(number);
    const auto made = scratch_.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      const auto token = tokens_.find_by_hash(t, wanted.hash);
      if (!token || spokes_.find_live_by_key(t, make_key(number))) return ErrorCode::token_not_found;
      if (!tokens_.bind(t, token->id, make_key(number))) return ErrorCode::token_already_used;
      spokes_.insert(t, make_spoke(*token, number));
      audit(t, "spoke.registered", token->spoke_id);
      return Done{};
    });
    if (!made) throw std::runtime_error("a spoke was not registered");
  }

  void report(const char* what, int first, int count, const std::function<void(int)>& work) const {
    std::atomic<int> next = first;
    const double cpu = cpu_seconds();
    const double seconds = seconds_of([&] {
      std::vector<std::thread> threads;
      for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&] {
          for (int number = next++; number < first + count; number = next++) work(number);
        });
      for (auto& thread : threads) thread.join();
    });
    fmt::print("{:24} {:8.0f} a second {:8.0f} us of processor each\n", what, count / seconds,
               1e6 * (cpu_seconds() - cpu) / count);
  }

 private:
  // Random UUIDs touch a page of their own in every index; those of version 7 (RFC 9562) are neighbours.
  Token token_of(int number) const {
    Token token = make_token(number, scratch_.clock());
    if (ids_ == Ids::scattered) return token;
    token.id = fmt::format("{:08x}-0000-7000-8000-{:012x}", 2 * number, number);
    token.spoke_id = fmt::format("{:08x}-0000-7000-8000-{:012x}", 2 * number + 1, number);
    return token;
  }

  void audit(Transaction& transaction, const char* action, const std::string& target) const {
    AuditEvent event;
    event.actor = {make_id(5), "terraform", "2001:db8::1", "curl/7.88.1"};
    event.action = action;
    event.target = target;
    event.outcome = "success";
    event.details = R"({"spokeName":"laptop-001","address":"10.0.1.5"})";
    audit_.append(transaction, event);
  }

  Ids ids_;
  Scratch scratch_;
  HubStore hubs_;
  AddressStore addresses_;
  TokenStore tokens_;
  SpokeStore spokes_;
  AuditStore audit_;
};

}  // namespace

TEST_CASE("MeasuresWrites", "[.][throughput]") {
  const Ids ids = GENERATE(Ids::scattered, Ids::ordered);
  fmt::print("{} ids\n", ids == Ids::scattered ? "scattered" : "ordered");
  Load load(ids);
  constexpr int kFill = 20'000;
  for (int done = 1; done < 3 * kFill; done += kFill) {
    fmt::print("{:24} {:8.0f} a second\n", "bare, in groups of 16", bare_rows_per_second());
    load.report("create a token", done, 5'000, [&](int number) { load.create_token(number); });
    load.report("register", done, 5'000, [&](int number) { load.register_spoke(number); });
    for (int number = done + 5'000; number < done + kFill; number += 5'000) {
      load.report("(filling)", number, 5'000, [&](int next) { load.create_token(next); });
      load.report("(filling)", number, 5'000, [&](int next) { load.register_spoke(next); });
    }
  }
}
