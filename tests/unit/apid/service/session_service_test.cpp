#include "apid/service/session_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

TEST_CASE("A session ends when nobody has used it for half an hour") {
  PeopleRig rig;
  const auto session = rig.set_up();
  for (int i = 0; i < 5; ++i) {
    rig.pass(29 * kMinute);
    CHECK(rig.lives(session));
  }
  rig.pass(30 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("An open dashboard that nobody touches is no use of a session") {
  PeopleRig rig;
  const auto session = rig.set_up();
  rig.pass(20 * kMinute);
  CHECK(rig.lives(session, SessionService::Use::background));
  rig.pass(10 * kMinute);
  CHECK_FALSE(rig.lives(session, SessionService::Use::background));
}

TEST_CASE("A session ends after twelve hours however much it is used") {
  PeopleRig rig;
  const auto session = rig.set_up();
  for (int i = 1; i < 36; ++i) {
    rig.pass(20 * kMinute);
    REQUIRE(rig.lives(session));
  }
  rig.pass(20 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("A clock set back revives no session") {
  PeopleRig rig;
  const auto session = rig.set_up();
  rig.pass(31 * kMinute);
  CHECK_FALSE(rig.lives(session));
  rig.scratch.write([](store::Transaction& /*any commit keeps the clock's highest reading*/) { return Done{}; });
  REQUIRE(rig.login());
  rig.pass(-31 * kMinute);
  CHECK_FALSE(rig.lives(session));
}

TEST_CASE("Old sessions are taken away and a live one stays") {
  PeopleRig rig;
  const auto old = rig.set_up();
  rig.pass(31 * kMinute);
  const auto fresh = *rig.login();
  const auto id = rig.scratch.ask("SELECT id FROM sessions ORDER BY created_at LIMIT 1");
  rig.people.sessions.end_over();
  CHECK(rig.events.ended == std::vector<std::string>{id});
  CHECK(rig.scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM sessions") == "1");
  CHECK_FALSE(rig.lives(old));
  CHECK(rig.lives(fresh));
}

TEST_CASE("Logging out ends one session and its streams") {
  PeopleRig rig;
  const auto first = rig.set_up();
  const auto second = *rig.login();
  const auto who = *rig.who(first);
  REQUIRE(rig.people.sessions.logout(who, rig.stranger));
  CHECK_FALSE(rig.lives(first));
  CHECK(rig.lives(second));
  CHECK(rig.events.ended == std::vector<std::string>{who.credential_id});
}

TEST_CASE("A CSRF token belongs to one session") {
  PeopleRig rig;
  const auto first = rig.set_up();
  const auto second = *rig.login();
  CHECK(rig.people.sessions.csrf_matches(first.cookie.reveal(), first.csrf_token.reveal()));
  CHECK_FALSE(rig.people.sessions.csrf_matches(first.cookie.reveal(), second.csrf_token.reveal()));
  CHECK_FALSE(rig.people.sessions.csrf_matches(first.cookie.reveal(), ""));
  CHECK(first.csrf_token.reveal() != first.cookie.reveal());
}

TEST_CASE("A password just given counts for ten minutes, and no longer however much the session is used") {
  PeopleRig rig;
  const auto session = rig.set_up();
  CHECK(rig.who(session)->stepped_up);
  rig.pass(10 * kMinute - 1);
  CHECK(rig.who(session)->stepped_up);
  rig.pass(1);
  CHECK_FALSE(rig.who(session)->stepped_up);
  REQUIRE(rig.people.sign_in.step_up(*rig.who(session), {secret(kPassword), {}}, rig.actor_of(session)));
  CHECK(rig.who(session)->stepped_up);
  rig.pass(10 * kMinute);
  CHECK_FALSE(rig.who(session)->stepped_up);
  CHECK(rig.lives(session));
}

TEST_CASE("A step-up is one session's alone") {
  PeopleRig rig;
  const auto first = rig.set_up();
  const auto second = *rig.login();
  rig.pass(11 * kMinute);
  REQUIRE(rig.people.sign_in.step_up(*rig.who(first), {secret(kPassword), {}}, rig.actor_of(first)));
  CHECK(rig.who(first)->stepped_up);
  CHECK_FALSE(rig.who(second)->stepped_up);
}

TEST_CASE("A person sees where he is signed in, and not the sessions that are over") {
  PeopleRig rig;
  rig.set_up();
  rig.pass(31 * kMinute);
  rig.stranger.source_address = "2001:db8::7";
  rig.stranger.user_agent = "Firefox";
  const auto session = *rig.login();
  const auto listed = *rig.people.sessions.list_of(session.user.id);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].id == rig.who(session)->credential_id);
  CHECK(listed[0].source_address == "2001:db8::7");
  CHECK(listed[0].user_agent == "Firefox");
}

TEST_CASE("A session is ended by its own user alone") {
  PeopleRig rig;
  const auto admin = rig.set_up();
  const auto ann = rig.add("ann", Role::viewer);
  const auto id = rig.who(admin)->credential_id;
  CHECK(rig.people.sessions.end(ann.id, id, rig.stranger).error().code == ErrorCode::not_found);
  CHECK(rig.lives(admin));
  REQUIRE(rig.people.sessions.end(admin.user.id, id, rig.stranger));
  CHECK_FALSE(rig.lives(admin));
  CHECK(rig.events.ended == std::vector<std::string>{id});
  CHECK(rig.events_of("session.ended") == "1");
}

TEST_CASE("All other sessions end, the asking one and those of others stay") {
  PeopleRig rig;
  const auto kept = rig.set_up();
  rig.add("ann", Role::viewer);
  const auto other = *rig.login();
  const auto ann = *rig.login("ann");
  REQUIRE(rig.people.sessions.end_others(kept.user.id, rig.who(kept)->credential_id, rig.stranger));
  CHECK(rig.lives(kept));
  CHECK_FALSE(rig.lives(other));
  CHECK(rig.lives(ann));
}
