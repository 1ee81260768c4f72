// The stored counts of tokens and spokes: always what counting the rows would say, and never at the rows' cost.
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <map>
#include <thread>

#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

using Numbers = std::map<std::string, std::int64_t>;

struct Fixture {
  Scratch scratch;
  TokenStore tokens;
  SpokeStore spokes;

  Token add(int number) {
    return scratch.write([&](Transaction& t) {
      Token token = make_token(number, scratch.clock());
      tokens.insert(t, token);
      return token;
    });
  }
  void change(const std::function<void(Transaction&)>& work) {
    scratch.write([&](Transaction& t) {
      work(t);
      return Done{};
    });
  }
  Spoke enroll(int number) {
    const Token token = add(number);
    const Spoke spoke = make_spoke(token, number);
    change([&](Transaction& t) {
      tokens.bind(t, token.id, spoke.public_key);
      spokes.insert(t, spoke);
    });
    return spoke;
  }

  Numbers stored(Transaction& t) const {
    const auto of_tokens = tokens.counts(t);
    const auto of_spokes = spokes.counts(t);
    return {{"unused", of_tokens.unused},    {"used", of_tokens.used},       {"expired", of_tokens.expired},
            {"revoked", of_tokens.revoked},  {"pending", of_spokes.pending}, {"active", of_spokes.active},
            {"inactive", of_spokes.inactive}};
  }
  // The same by looking at every row.
  Numbers counted(Transaction& t) const {
    Numbers numbers = {{"unused", 0},  {"used", 0},   {"expired", 0}, {"revoked", 0},
                       {"pending", 0}, {"active", 0}, {"inactive", 0}};
    t.query("SELECT state, expires_at FROM installation_tokens").each([&](Row& row) {
      const TokenState stored_state = read_state(row.text());
      const TokenState state = state_at(stored_state, row.number(), t.now());
      const bool is_used = state == TokenState::claimed || state == TokenState::registered;
      ++numbers[is_used ? "used" : std::string(to_text(state))];
      return true;
    });
    t.query("SELECT status FROM spoke_registrations WHERE removing_at IS NULL").each([&](Row& row) {
      ++numbers[row.text()];
      return true;
    });
    return numbers;
  }
  static TokenState read_state(const std::string& text) {
    for (const auto state : {TokenState::unused, TokenState::claimed, TokenState::registered})
      if (to_text(state) == text) return state;
    return TokenState::revoked;
  }
  /// Both, of one snapshot.
  bool agree() {
    return scratch.read([&](Transaction& t) { return stored(t) == counted(t); });
  }
  Numbers now() {
    return scratch.read([&](Transaction& t) { return stored(t); });
  }
};

// Runs until it goes out of scope, again and again.
class Repeated {
 public:
  explicit Repeated(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          while (!stopping_) work();
        }) {}
  ~Repeated() {
    stopping_ = true;
    thread_.join();
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;

 private:
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

int count_step(void* steps) {
  ++*static_cast<std::int64_t*>(steps);
  return 0;
}

// What SQLite executes for one page of both lists with its counts, in instructions of its virtual machine.
std::int64_t steps_of_a_page(const Fixture& fixture) {
  const auto connection = open_sqlite(fixture.scratch.path(), Access::read, std::chrono::seconds(1));
  auto* const backend = static_cast<soci::sqlite3_session_backend*>(connection->session().get_backend());
  std::int64_t steps = 0;
  sqlite_api::sqlite3_progress_handler(backend->conn_, 1, count_step, &steps);
  Transaction t(*connection, fixture.scratch.clock());
  CHECK(fixture.tokens.list(t, std::nullopt, {10, {}}).items.size() == 10);
  CHECK(fixture.spokes.list(t, {}, {10, {}}).items.size() == 10);
  fixture.tokens.counts(t);
  fixture.spokes.counts(t);
  return steps;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "CountsFollowATokenThroughItsLife") {
  const Token token = add(1);
  const Token other = add(2);
  CHECK(now()["unused"] == 2);
  change([&](Transaction& t) { tokens.claim(t, token.id, "192.0.2.1", "curl"); });
  CHECK(now()["used"] == 1);
  change([&](Transaction& t) { tokens.release(t, token.id, "192.0.2.1"); });
  CHECK(now()["unused"] == 2);
  change([&](Transaction& t) { tokens.bind(t, token.id, make_key(1)); });
  change([&](Transaction& t) { tokens.unbind(t, token.id, true); });
  CHECK(agree());
  change([&](Transaction& t) { tokens.bind(t, token.id, make_key(1)); });
  CHECK(now()["used"] == 1);
  change([&](Transaction& t) { tokens.revoke(t, token.id); });
  CHECK(now()["revoked"] == 1);
  CHECK(agree());
  scratch.set_clock(other.expires_at);
  change([&](Transaction& t) { tokens.end_expired_holds(t, 10); });
  scratch.set_clock(other.expires_at + 1);
  change([&](Transaction& t) { CHECK(tokens.prune(t, t.now(), 10) == 2); });
  CHECK(now()["expired"] == 0);
  CHECK(agree());
}

TEST_CASE_METHOD(Fixture, "CountsKnowTheTimeWhetherExpiredTokensWereTakenInOrNot") {
  std::vector<Token> token;
  for (int i = 0; i < 8; ++i) {
    scratch.set_clock(1'700'000'000 + 10 * i);
    token.push_back(add(i + 1));
  }
  change([&](Transaction& t) {
    tokens.claim(t, token[1].id, "192.0.2.1", "curl");
    tokens.bind(t, token[2].id, make_key(3));
  });
  const auto newly = [&] { return scratch.read([&](Transaction& t) { return tokens.newly_expired(t); }); };
  for (const int last : {0, 1, 3, 4}) {
    scratch.set_clock(token[std::size_t(last)].expires_at);
    CHECK(agree());
    CHECK(newly() > 0);
    if (last != 0) change([&](Transaction& t) { tokens.count_expired(t); });
    CHECK(newly() == (last == 0 ? 1 : 0));
    CHECK(agree());
  }
  CHECK(now()["expired"] == 4);
  // A reader whose moment was before the last counting.
  const auto connection = open_sqlite(scratch.path(), Access::read, std::chrono::seconds(1));
  Transaction earlier(*connection, token[1].expires_at);
  CHECK(stored(earlier) == counted(earlier));
  CHECK(tokens.counts(earlier).expired == 2);
  for (const int i : {0, 1, 3, 6}) {  // late ones and others
    change([&](Transaction& t) { tokens.revoke(t, token[std::size_t(i)].id); });
    CHECK(agree());
  }
  scratch.reopen();
  CHECK(agree());
}

TEST_CASE_METHOD(Fixture, "CountsFollowASpokeThroughItsLife") {
  const Spoke first = enroll(1);
  const Spoke second = enroll(2);
  const Spoke third = enroll(3);
  CHECK(now()["pending"] == 3);
  const auto set = [&](const Spoke& spoke, SpokeStatus status) {
    change([&](Transaction& t) { spokes.save_live(t, {LiveUpdate{spoke.id, {status, 1'700'000'000, 1, 1}}}); });
  };
  set(first, SpokeStatus::active);
  set(second, SpokeStatus::active);
  set(second, SpokeStatus::active);
  set(second, SpokeStatus::inactive);
  CHECK(now()["active"] == 1);
  CHECK(agree());
  Spoke again = second;
  again.public_key = make_key(20);
  change([&](Transaction& t) { spokes.replace(t, again); });
  CHECK(now()["pending"] == 2);
  change([&](Transaction& t) { spokes.mark_removing(t, first.id); });
  CHECK(now()["active"] == 0);
  set(first, SpokeStatus::inactive);  // its peer is still there
  change([&](Transaction& t) { spokes.mark_removed(t, first.id); });
  CHECK(agree());
  change([&](Transaction& t) { spokes.erase(t, third.id); });
  change([&](Transaction& t) { spokes.erase(t, first.id); });
  CHECK(now()["pending"] == 1);
  CHECK(agree());
}

TEST_CASE_METHOD(Fixture, "AWriteThatIsRolledBackIsNotCounted") {
  add(1);
  const auto refused = scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
    tokens.insert(t, make_token(2));
    return ErrorCode::internal;
  });
  CHECK_FALSE(refused);
  CHECK(now()["unused"] == 1);
  CHECK(agree());
}

TEST_CASE_METHOD(Fixture, "CountsAgreeInEverySnapshotWhileManyWrite") {
  constexpr int kThreads = 8;
  constexpr int kEach = 40;
  std::atomic<int> looks = 0;
  std::atomic<int> disagreements = 0;
  std::atomic<int> uncounted = 0;
  {
    const Repeated reader([&] {
      disagreements += agree() ? 0 : 1;
      ++looks;
    });
    const Repeated housekeeper([&] { change([&](Transaction& t) { tokens.count_expired(t); }); });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        std::int64_t own = 0;
        for (int i = 0; i < kEach; ++i) {
          const int number = thread * kEach + i + 1;
          const Spoke spoke = enroll(number);
          add(kThreads * kEach + number);
          // Whoever was answered is counted in whatever is read after it.
          if (now()["pending"] < ++own) ++uncounted;
          if (i % 3 == 0) change([&](Transaction& t) { own -= spokes.mark_removing(t, spoke.id) ? 1 : 0; });
          if (i % 3 == 1) change([&](Transaction& t) { tokens.revoke(t, spoke.token_id); });
          if (i % 8 == 0) scratch.set_clock(scratch.clock() + 7'000);  // days pass: what was left expires
        }
      });
    for (auto& thread : threads) thread.join();
  }
  CHECK(looks > 3);
  CHECK(disagreements == 0);
  CHECK(uncounted == 0);
  CHECK(agree());
  CHECK(now()["pending"] == kThreads * (kEach - (kEach + 2) / 3));
  CHECK(now()["expired"] > 0);
}

TEST_CASE_METHOD(Fixture, "APageCostsTheSameHoweverManyThereAre") {
  const auto fill = [&](int from, int to) {
    change([&](Transaction& t) {
      for (int i = from; i < to; ++i) {
        Token token = make_token(i, scratch.clock());
        token.holds_address = false;
        tokens.insert(t, token);
        if (i % 2 == 0) continue;
        tokens.bind(t, token.id, make_key(i));
        spokes.insert(t, make_spoke(token, i));
      }
    });
  };
  fill(1, 200);
  scratch.set_clock(scratch.clock() + 2 * 86'400);  // half of them expired
  change([&](Transaction& t) { tokens.count_expired(t); });
  const auto few = steps_of_a_page(*this);
  fill(200, 6'000);
  scratch.set_clock(scratch.clock() + 2 * 86'400);
  change([&](Transaction& t) { tokens.count_expired(t); });
  const auto many = steps_of_a_page(*this);
  fmt::print("a page of tokens and one of spokes, with counts: {} steps of SQLite at 200 rows, {} at 6,000\n", few,
             many);
  CHECK(many < few + few / 5);
}
