#include "apid/store/api_token_store.h"

#include "apid/store/account_store.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  AccountStore accounts;
  ApiTokenStore tokens;

  template <class Work>
  void write(Work work) {
    scratch.write([&](Transaction& t) {
      work(t);
      return Done{};
    });
  }
};

const User kAnn{"u1", "ann", "$argon2id$x", Role::operator_, 5'000'000'000};

}  // namespace

TEST_CASE_METHOD(Fixture, "RevokesAnApiTokenOnce") {
  ApiToken token;
  token.user_id = "u1";
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    for (const std::string name : {"a", "b"}) {
      token.id = name;
      token.hash = "hash " + name;
      token.name = "ci";
      token.role = Role::admin;
      token.created_at += 10;
      token.expires_at = 3'000'000'000;
      tokens.insert(t, token);
    }
    tokens.touch(t, "a", 77);
    tokens.touch(t, "a", 70);
  });
  const auto revoke = [&] { return scratch.write([&](Transaction& t) { return tokens.revoke(t, "b"); }); };
  CHECK(scratch.read([&](Transaction& t) { return tokens.list(t); }).at(0).id == "b");
  CHECK(revoke());
  CHECK_FALSE(revoke());
  const auto left = scratch.read([&](Transaction& t) { return tokens.list(t); });
  REQUIRE(left.size() == 1);
  CHECK(left[0].last_used_at == 77);
  CHECK(left[0].expires_at == 3'000'000'000);
  const auto found = scratch.read([&](Transaction& t) { return tokens.find(t, "hash b"); });
  CHECK(found->revoked_at == scratch.clock());
}

TEST_CASE_METHOD(Fixture, "RevokesWhatAUserHasAndNamesIt") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    accounts.insert_user(t, {"u2", "bob", "x", Role::viewer, 1});
    for (const std::string name : {"a", "b", "c"}) {
      ApiToken token;
      token.id = name;
      token.hash = "hash " + name;
      token.user_id = name == "c" ? "u2" : "u1";
      token.expires_at = name == "a" ? 100 : 200;
      tokens.insert(t, token);
    }
    tokens.revoke(t, "b");
  });
  const auto revoke = [&] { return scratch.write([&](Transaction& t) { return tokens.revoke_all_of(t, "u1"); }); };
  const auto expired = [&] {
    return scratch.read([&](Transaction& t) { return tokens.expired_between(t, 100, 200); });
  };
  CHECK(expired() == std::vector<std::string>{"c"});
  CHECK(revoke() == std::vector<std::string>{"a"});
  CHECK(revoke().empty());
  CHECK(scratch.read([&](Transaction& t) { return tokens.list(t); }).size() == 1);
}
