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

TEST_CASE_METHOD(Fixture, "ARemovedUserKeepsItsRowAndNothingElse") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    accounts.set_totp(t, "u1", Secret(std::string("ABC")), 5);
    accounts.set_totp_pending(t, "u1", Secret(std::string("DEF")));
    accounts.set_recovery_codes(t, "u1", {"a", "b"});
    accounts.remove_user(t, "u1");
    User second = kAnn;
    second.id = "u2";
    accounts.insert_user(t, second);
  });
  const auto gone = scratch.read([&](Transaction& t) { return accounts.find_user(t, "u1"); });
  CHECK(gone->username == "ann");
  CHECK(gone->removed_at == scratch.clock());
  CHECK(gone->password_hash.empty());
  CHECK(gone->totp_secret.empty());
  CHECK(gone->totp_pending.empty());
  CHECK(scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM recovery_codes") == "0");
  CHECK(scratch.read([&](Transaction& t) { return accounts.find_user_by_name(t, "ann"); })->id == "u2");
  CHECK(scratch.read([&](Transaction& t) { return accounts.users(t); }).size() == 1);
  CHECK_THROWS(write([&](Transaction& t) { accounts.insert_user(t, {"u3", "ann", "x", Role::viewer, 1}); }));
}

TEST_CASE_METHOD(Fixture, "CountsTheOtherAdminsWhoCanSignIn") {
  const auto others = [&](const char* id) {
    return scratch.read([&](Transaction& t) { return accounts.count_other_admins(t, id); });
  };
  write([&](Transaction& t) {
    for (const std::string name : {"a", "b", "c", "d"}) accounts.insert_user(t, {name, name, "x", Role::admin, 1});
    accounts.insert_user(t, {"e", "e", "x", Role::operator_, 1});
  });
  CHECK(others("a") == 3);
  CHECK(others("e") == 4);
  write([&](Transaction& t) {
    User disabled{"b", "b", "x", Role::admin, 1};
    disabled.disabled_at = 7;
    accounts.update_user(t, disabled);
    accounts.remove_user(t, "c");
    accounts.update_user(t, {"d", "d", "x", Role::viewer, 1});
  });
  CHECK(others("a") == 0);
  CHECK(others("b") == 1);
}

TEST_CASE_METHOD(Fixture, "UsesUpAStepAndARecoveryCodeOnce") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    accounts.set_totp(t, "u1", Secret(std::string("ABC")), 5);
    accounts.set_recovery_codes(t, "u1", {"a", "b"});
  });
  const auto step = [&](int n) {
    return scratch.write([&](Transaction& t) { return accounts.take_totp_step(t, "u1", n); });
  };
  const auto code = [&](const char* hash) {
    return scratch.write([&](Transaction& t) { return accounts.take_recovery_code(t, "u1", hash); });
  };
  CHECK_FALSE(step(5));
  CHECK(step(7));
  CHECK_FALSE(step(7));
  CHECK_FALSE(step(6));
  CHECK(code("a"));
  CHECK_FALSE(code("a"));
  CHECK_FALSE(code("c"));
  write([&](Transaction& t) { accounts.set_recovery_codes(t, "u1", {"c"}); });
  CHECK_FALSE(code("b"));
  CHECK(code("c"));
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
