#include "apid/store/account_store.h"

#include "apid/store/hub_store.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

const User kAnn{"u1", "ann", "$argon2id$x", Role::operator_, 5'000'000'000};

struct Fixture {
  Scratch scratch;
  AccountStore accounts;

  template <class Work>
  void write(Work work) {
    scratch.write([&](Transaction& t) {
      work(t);
      return Done{};
    });
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "FindsAUserByIdAndByName") {
  CHECK_FALSE(scratch.read([&](Transaction& t) { return accounts.has_users(t); }));
  write([&](Transaction& t) { accounts.insert_user(t, kAnn); });
  CHECK(scratch.read([&](Transaction& t) { return accounts.has_users(t); }));
  const auto found = scratch.read([&](Transaction& t) { return accounts.find_user(t, "u1"); });
  CHECK(found->username == "ann");
  CHECK(found->password_hash == kAnn.password_hash);
  CHECK(found->role == Role::operator_);
  CHECK(found->created_at == 5'000'000'000);
  CHECK(scratch.read([&](Transaction& t) { return accounts.find_user_by_name(t, "ann"); })->id == "u1");
  CHECK_FALSE(scratch.read([&](Transaction& t) { return accounts.find_user_by_name(t, "bob"); }));
}

TEST_CASE_METHOD(Fixture, "KeepsSessionsUntilTheyEnd") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    for (const std::string name : {"a", "b", "c"}) {
      Session session;
      session.id = "s" + name;
      session.hash = name;
      session.user_id = "u1";
      session.created_at = session.last_used_at = 100;
      accounts.insert_session(t, session);
    }
    accounts.touch_session(t, "sa", 200);
    accounts.touch_session(t, "sa", 150);
    accounts.end_session(t, "sc");
  });
  const auto find = [&](const char* hash) {
    return scratch.read([&](Transaction& t) { return accounts.find_session(t, hash); });
  };
  CHECK(find("a")->last_used_at == 200);
  CHECK(find("b")->user_id == "u1");
  CHECK_FALSE(find("c"));
  write([&](Transaction& t) { accounts.end_old_sessions(t, 150, 50); });
  CHECK(find("a"));
  CHECK_FALSE(find("b"));
  write([&](Transaction& t) { accounts.end_old_sessions(t, 150, 101); });
  CHECK_FALSE(find("a"));
}

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
      accounts.insert_api_token(t, token);
    }
    accounts.touch_api_token(t, "a", 77);
    accounts.touch_api_token(t, "a", 70);
  });
  const auto revoke = [&] { return scratch.write([&](Transaction& t) { return accounts.revoke_api_token(t, "b"); }); };
  CHECK(scratch.read([&](Transaction& t) { return accounts.api_tokens(t); }).at(0).id == "b");
  CHECK(revoke());
  CHECK_FALSE(revoke());
  const auto left = scratch.read([&](Transaction& t) { return accounts.api_tokens(t); });
  REQUIRE(left.size() == 1);
  CHECK(left[0].last_used_at == 77);
  CHECK(left[0].expires_at == 3'000'000'000);
  const auto found = scratch.read([&](Transaction& t) { return accounts.find_api_token(t, "hash b"); });
  CHECK(found->revoked_at == scratch.clock());
}

TEST_CASE_METHOD(Fixture, "KeepsOneSetupCode") {
  const auto code = [&] { return scratch.read([&](Transaction& t) { return accounts.setup_code(t); }); };
  CHECK_FALSE(code());
  write([&](Transaction& t) { accounts.set_setup_code(t, {"one", 1}); });
  write([&](Transaction& t) { accounts.set_setup_code(t, {"two", 2}); });
  CHECK(code()->hash == "two");
  CHECK(code()->expires_at == 2);
  write([&](Transaction& t) { accounts.clear_setup_code(t); });
  CHECK_FALSE(code());
}

TEST_CASE_METHOD(Fixture, "KeepsOneHub") {
  const HubStore hub;
  HubConfig config;
  config.network = *parse_network("10.0.1.0/24");
  config.listen_port = 65'535;
  config.public_key = make_key(3);
  config.endpoint = "hub.example:51820";
  config.created_at = config.updated_at = 4'102'444'800;
  const auto insert = [&] { return scratch.write([&](Transaction& t) { return hub.insert(t, config); }); };
  CHECK_FALSE(scratch.read([&](Transaction& t) { return hub.find(t); }));
  CHECK(insert());
  CHECK_FALSE(insert());
  config.dns = {*parse_address("1.1.1.1")};
  config.endpoint = "[fd00::1]:51820";
  write([&](Transaction& t) { hub.update(t, config); });
  const auto found = scratch.read([&](Transaction& t) { return hub.find(t); });
  CHECK(found->network == config.network);
  CHECK(found->listen_port == 65'535);
  CHECK(found->public_key == config.public_key);
  CHECK(found->dns == config.dns);
  CHECK(found->endpoint == config.endpoint);
  CHECK(found->created_at == 4'102'444'800);
  CHECK(scratch.ask("SELECT interface_address FROM hub_config") == "10.0.1.1/24");
}
