#include "apid/store/token_store.h"

#include <set>
#include <thread>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  TokenStore tokens;

  Token add(int number) {
    return scratch.write([&](Transaction& t) {
      Token token = make_token(number, scratch.clock());
      tokens.insert(t, token);
      return token;
    });
  }
  Token find(const Token& token) {
    return scratch.read([&](Transaction& t) { return tokens.find(t, token.id).value(); });
  }
  bool claim(const Token& token, const std::string& address = "192.0.2.1") {
    return scratch.write([&](Transaction& t) { return tokens.claim(t, token.id, address, "curl"); });
  }
  bool release(const Token& token, const std::string& address = "192.0.2.1") {
    return scratch.write([&](Transaction& t) { return tokens.release(t, token.id, address); });
  }
  bool bind(const Token& token, int key = 1) {
    return scratch.write([&](Transaction& t) { return tokens.bind(t, token.id, make_key(key)); });
  }
  bool unbind(const Token& token) {
    return scratch.write([&](Transaction& t) { return tokens.unbind(t, token.id, false); });
  }
  bool revoke(const Token& token) {
    return scratch.write([&](Transaction& t) { return tokens.revoke(t, token.id); });
  }
  TokenCounts counts() {
    return scratch.read([&](Transaction& t) { return tokens.counts(t); });
  }
  std::set<std::string> list(const std::optional<std::string>& status) {
    return scratch.read([&](Transaction& t) {
      std::set<std::string> ids;
      for (const auto& token : tokens.list(t, status, {}).items) ids.insert(token.id);
      return ids;
    });
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "ReadsATokenAsItWasWritten") {
  Token token = make_token(7);
  token.certificate_pin = "sha256//abc";
  token.spoke_name = "büro \"1\"";
  scratch.write([&](Transaction& t) {
    tokens.insert(t, token);
    return Done{};
  });
  const Token found = find(token);
  CHECK(found.hash == token.hash);
  CHECK(found.spoke_id == token.spoke_id);
  CHECK(found.spoke_name == token.spoke_name);
  CHECK(found.address == token.address);
  CHECK(found.holds_address);
  CHECK(found.state == TokenState::unused);
  CHECK(found.expires_at == token.expires_at);
  CHECK_FALSE(found.used_at);
  CHECK_FALSE(found.bound_key);
  CHECK(found.hub_public_key == token.hub_public_key);
  CHECK(found.network == token.network);
  CHECK(found.dns == token.dns);
  CHECK(found.persistent_keepalive == 25);
  CHECK(found.certificate_pin == token.certificate_pin);
  CHECK(scratch.ask("SELECT allowed_ips FROM installation_tokens") == "[\"10.0.0.7/16\"]");
  const auto by_hash = scratch.read([&](Transaction& t) { return tokens.find_by_hash(t, token.hash); });
  CHECK(by_hash.value().id == token.id);
  CHECK_FALSE(scratch.read([&](Transaction& t) { return tokens.find_by_hash(t, "00"); }));
}

TEST_CASE_METHOD(Fixture, "ClaimsOnlyAnUnusedToken") {
  const Token token = add(1);
  CHECK(claim(token));
  const Token claimed = find(token);
  CHECK(claimed.state == TokenState::claimed);
  CHECK(claimed.used_at == scratch.clock());
  CHECK(claimed.claim_address == "192.0.2.1");
  CHECK(claimed.claim_agent == "curl");
  CHECK(scratch.ask("SELECT used FROM installation_tokens") == "1");
  CHECK_FALSE(claim(token));
  CHECK(bind(token));
  CHECK_FALSE(claim(token));
  CHECK(revoke(token));
  CHECK_FALSE(claim(token));
}

TEST_CASE_METHOD(Fixture, "ClaimsAndBindsUntilTheLastSecond") {
  const Token first = add(1);
  const Token second = add(2);
  scratch.set_clock(first.expires_at - 1);
  CHECK(claim(first));
  scratch.set_clock(first.expires_at);
  CHECK_FALSE(claim(second));
  CHECK_FALSE(bind(first));
  CHECK_FALSE(bind(second));
}

TEST_CASE_METHOD(Fixture, "ReleasesAClaimFiveTimesToTheOneWhoHasIt") {
  const Token token = add(1);
  CHECK_FALSE(release(token));
  for (int i = 0; i < 5; ++i) {
    CHECK(claim(token));
    CHECK_FALSE(release(token, "192.0.2.2"));
    CHECK(release(token));
    CHECK_FALSE(find(token).used_at);
    CHECK(find(token).state == TokenState::unused);
  }
  CHECK(claim(token));
  CHECK_FALSE(release(token));
  CHECK(bind(token));
  CHECK_FALSE(release(token));
}

TEST_CASE_METHOD(Fixture, "BindsOneKeyAndLetsTheAddressGoToTheSpoke") {
  const Token token = add(1);
  CHECK_FALSE(unbind(token));
  CHECK(bind(token, 5));
  const Token bound = find(token);
  CHECK(bound.state == TokenState::registered);
  CHECK(bound.bound_key == make_key(5));
  CHECK(bound.used_at == scratch.clock());
  CHECK_FALSE(bound.holds_address);
  CHECK_FALSE(bind(token, 5));
  CHECK_FALSE(bind(token, 6));
  CHECK(unbind(token));
  CHECK(find(token).state == TokenState::claimed);
  CHECK_FALSE(find(token).bound_key);
  CHECK(bind(token, 6));
}

TEST_CASE_METHOD(Fixture, "RevokesEveryStateOnce") {
  const Token unused = add(1);
  const Token claimed = add(2);
  const Token registered = add(3);
  claim(claimed);
  bind(registered);
  for (const auto& token : {unused, claimed, registered}) {
    CHECK(revoke(token));
    CHECK_FALSE(revoke(token));
    CHECK_FALSE(find(token).holds_address);
    CHECK(find(token).state == TokenState::revoked);
    CHECK_FALSE(bind(token));
    CHECK_FALSE(unbind(token));
  }
}

TEST_CASE_METHOD(Fixture, "KeepsOneOpenTokenPerSpokeAndOneHolderPerAddress") {
  const Token token = add(1);
  Token same_spoke = make_token(2);
  same_spoke.spoke_id = token.spoke_id;
  Token same_address = make_token(3);
  same_address.address = token.address;
  const auto insert = [&](const Token& other) {
    return static_cast<bool>(scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      tokens.insert(t, other);
      return Done{};
    }));
  };
  CHECK_FALSE(insert(same_spoke));
  CHECK_FALSE(insert(same_address));
  CHECK(scratch.read([&](Transaction& t) { return tokens.find_open_of_spoke(t, token.spoke_id); })->id == token.id);
  revoke(token);
  CHECK_FALSE(scratch.read([&](Transaction& t) { return tokens.find_open_of_spoke(t, token.spoke_id); }));
  CHECK(insert(same_spoke));
  CHECK(insert(same_address));
}

TEST_CASE_METHOD(Fixture, "RaisesOneAlarmPerToken") {
  const Token token = add(1);
  const auto alarm = [&] { return scratch.write([&](Transaction& t) { return tokens.mark_alarmed(t, token.id); }); };
  CHECK(alarm());
  CHECK_FALSE(alarm());
}

TEST_CASE_METHOD(Fixture, "EndsTheHoldsOfExpiredTokensAtMostSoMany") {
  for (int i = 1; i <= 5; ++i) add(i);
  const Token bound = add(6);
  bind(bound);
  const auto end = [&](int most) {
    return scratch.write([&](Transaction& t) { return tokens.end_expired_holds(t, most); });
  };
  CHECK(end(10).empty());
  scratch.set_clock(bound.expires_at);
  CHECK(end(3).size() == 3);
  CHECK(end(10).size() == 2);
  CHECK(end(10).empty());
}

TEST_CASE_METHOD(Fixture, "CountsAndListsByWhatTheClockMakesOfTheState") {
  std::vector<Token> token;
  for (int i = 0; i < 6; ++i) token.push_back(add(i + 1));
  claim(token[1]);
  bind(token[2]);
  revoke(token[3]);
  CHECK(list("unused") == std::set{token[0].id, token[4].id, token[5].id});
  CHECK(list("used") == std::set{token[1].id, token[2].id});
  CHECK(list("expired").empty());
  scratch.set_clock(token[0].expires_at);
  const Token late = add(9);
  CHECK(list("unused") == std::set{late.id});
  CHECK(list("used") == std::set{token[2].id});
  CHECK(list("claimed").empty());
  CHECK(list("registered") == std::set{token[2].id});
  CHECK(list("expired") == std::set{token[0].id, token[1].id, token[4].id, token[5].id});
  CHECK(list("revoked") == std::set{token[3].id});
  CHECK(list(std::nullopt).size() == 7);
  const auto sums = counts();
  CHECK(sums.unused == 1);
  CHECK(sums.used == 1);
  CHECK(sums.expired == 4);
  CHECK(sums.revoked == 1);
}

TEST_CASE_METHOD(Fixture, "PagesAreWholeWhileTokensAreAdded") {
  const auto status = GENERATE(std::optional<std::string>(), std::optional<std::string>("used"));
  std::set<std::string> expected;
  for (int i = 1; i <= 60; ++i) {
    scratch.set_clock(1'700'000'000 + i / 7);  // several in one second
    const Token token = add(i);
    if (i % 2 == 0) claim(token);
    if (i % 3 == 0) bind(token, i);
    if (!status || i % 2 == 0 || i % 3 == 0) expected.insert(token.id);
  }
  std::vector<std::string> seen;
  PageRequest request{7, std::nullopt};
  int number = 1000;
  do {
    const auto page = scratch.read([&](Transaction& t) { return tokens.list(t, status, request); });
    CHECK(page.items.size() <= 7);
    for (const auto& token : page.items) seen.push_back(token.id);
    request.after = page.next;
    scratch.set_clock(scratch.clock() + 1);
    claim(add(++number));
  } while (request.after);
  CHECK(std::set(seen.begin(), seen.end()) == expected);
  CHECK(seen.size() == expected.size());
}

TEST_CASE_METHOD(Fixture, "CountsLiveSpokesThatWereToldAnotherEndpoint") {
  const auto count = [&] {
    return scratch.read([&](Transaction& t) { return tokens.count_other_endpoints(t, "new.example:1"); });
  };
  add(1);
  const Token bound = add(2);
  revoke(add(3));
  bind(bound);
  CHECK(count() == 0);
  scratch.write([&](Transaction& t) {
    SpokeStore().insert(t, make_spoke(bound, 1));
    return Done{};
  });
  CHECK(count() == 1);
}

TEST_CASE_METHOD(Fixture, "StoresTwentyReportsAToken") {
  const Token token = add(1);
  InstallReport report;
  report.token_id = token.id;
  report.at = scratch.clock();
  report.detail = std::string("a\0b", 3);
  int stored = 0;
  for (int i = 0; i < 25; ++i) {
    report.code = i;
    stored += scratch.write([&](Transaction& t) { return tokens.add_report(t, report); });
  }
  CHECK(stored == 20);
  const auto reports = scratch.read([&](Transaction& t) { return tokens.reports(t, token.id); });
  REQUIRE(reports.size() == 20);
  CHECK(reports[19].code == 19);
  CHECK(reports[0].detail == report.detail);
  report.token_id = make_id(99);
  CHECK_FALSE(scratch.write([&](Transaction& t) { return tokens.add_report(t, report); }));
}

TEST_CASE_METHOD(Fixture, "PrunesWhatEndedLongAgoAndHasNoLiveSpoke") {
  const SpokeStore spokes;
  const Token expired = add(1);
  const Token revoked = add(2);
  const Token live = add(3);
  const Token removed = add(4);
  revoke(revoked);
  InstallReport report;
  report.token_id = revoked.id;
  scratch.write([&](Transaction& t) {
    tokens.add_report(t, report);
    for (const auto* token : {&live, &removed}) {
      tokens.bind(t, token->id, make_key(1));
      spokes.insert(t, make_spoke(*token, token == &live ? 1 : 2));
    }
    spokes.mark_removing(t, removed.spoke_id);
    spokes.mark_removed(t, removed.spoke_id);
    tokens.revoke(t, removed.id);
    return Done{};
  });
  const auto prune = [&](std::int64_t before, int most) {
    return scratch.write([&](Transaction& t) { return tokens.prune(t, before, most); });
  };
  const std::int64_t later = expired.expires_at + 1;
  CHECK(prune(scratch.clock(), 10) == 0);
  CHECK(prune(later, 10) == 2);  // the expired one still holds its address
  scratch.set_clock(later);
  scratch.write([&](Transaction& t) { return tokens.end_expired_holds(t, 10); });
  CHECK(prune(later, 0) == 0);
  CHECK(prune(later, 10) == 1);
  CHECK(list(std::nullopt) == std::set{live.id});
  CHECK(scratch.ask("SELECT COUNT(*) FROM spoke_registrations") == "1");
}

TEST_CASE_METHOD(Fixture, "OneOfSixteenThreadsClaimsAndOneBinds") {
  for (int round = 1; round <= 10; ++round) {
    const Token token = add(round);
    std::atomic<int> claims = 0;
    std::atomic<int> binds = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i)
      threads.emplace_back([&, i] {
        claims += claim(token);
        binds += bind(token, 16 * round + i);
      });
    for (auto& thread : threads) thread.join();
    CHECK(claims <= 1);  // none when a bind came first
    CHECK(binds == 1);
  }
}
