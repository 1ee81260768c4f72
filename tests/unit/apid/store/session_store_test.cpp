#include "apid/store/session_store.h"

#include "apid/store/account_store.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  AccountStore accounts;
  SessionStore sessions;

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

namespace {

Session make_session(const std::string& name, const std::string& user_id = "u1") {
  Session session;
  session.id = "s" + name;
  session.hash = name;
  session.user_id = user_id;
  session.created_at = session.last_used_at = session.stepped_up_at = 100;
  session.source_address = "192.0.2.7";
  session.user_agent = "curl";
  return session;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "KeepsSessionsUntilTheyEnd") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    for (const auto* name : {"a", "b", "c"}) sessions.insert(t, make_session(name));
    sessions.touch(t, "sa", 200);
    sessions.touch(t, "sa", 150);
    CHECK(sessions.end(t, "u1", "sc"));
    CHECK_FALSE(sessions.end(t, "u1", "sc"));
  });
  const auto find = [&](const char* hash) {
    return scratch.read([&](Transaction& t) { return sessions.find(t, hash); });
  };
  const auto over = [&](const SessionAges& ages) {
    return scratch.write([&](Transaction& t) {
      auto ids = sessions.find_over(t, ages);
      sessions.end_over(t, ages);
      return ids;
    });
  };
  CHECK(find("a")->last_used_at == 200);
  CHECK(find("b")->user_id == "u1");
  CHECK(find("b")->source_address == "192.0.2.7");
  CHECK(find("b")->user_agent == "curl");
  CHECK_FALSE(find("c"));
  CHECK(over({99, 99}).empty());
  CHECK(over({100, 99}) == std::vector<std::string>{"sb"});
  CHECK(find("a"));
  CHECK_FALSE(find("b"));
  CHECK(over({0, 100}) == std::vector<std::string>{"sa"});
  CHECK_FALSE(find("a"));
}

TEST_CASE_METHOD(Fixture, "KnowsASessionsUserAndEndsNobodyElses") {
  write([&](Transaction& t) {
    accounts.insert_user(t, kAnn);
    accounts.insert_user(t, {"u2", "bob", "x", Role::viewer, 1});
    sessions.insert(t, make_session("a"));
    sessions.insert(t, make_session("b"));
    sessions.insert(t, make_session("c", "u2"));
    sessions.step_up(t, "sa");
    CHECK_FALSE(sessions.end(t, "u2", "sa"));
  });
  CHECK(scratch.read([&](Transaction& t) { return sessions.find(t, "a"); })->stepped_up_at == scratch.clock());
  const auto listed = scratch.read([&](Transaction& t) { return sessions.list_of(t, "u1", {100, 0}); });
  REQUIRE(listed.size() == 1);  // the other one was used last at 100
  CHECK(listed[0].id == "sa");
  CHECK(scratch.write([&](Transaction& t) { return sessions.end_all_of(t, "u1"); }).size() == 2);
  CHECK(scratch.read([&](Transaction& t) { return sessions.ids_of(t, "u2"); }) == std::vector<std::string>{"sc"});
}
