#include "apid/service/sign_in_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

TEST_CASE("Five wrong passwords make one wait 15 minutes after the first") {
  PeopleRig rig;
  rig.set_up();
  for (int i = 0; i < 5; ++i) {
    CHECK(rig.login_fault("admin", "wrong password") == ErrorCode::invalid_credentials);
    rig.pass(kMinute);
  }
  CHECK(rig.login_fault("admin", kPassword) == ErrorCode::rate_limited);
  rig.pass(10 * kMinute);
  CHECK(rig.login());
  // Right ones are not counted.
  for (int i = 0; i < 10; ++i) CHECK(rig.login());
}

TEST_CASE("A disabled or removed user is told what one with a wrong password is told") {
  PeopleRig rig;
  rig.set_up();
  const auto ann = rig.add("ann", Role::viewer);
  const auto bob = rig.add("bob", Role::viewer);
  REQUIRE(rig.login("ann"));
  REQUIRE(rig.people.users.update(ann.id, {{}, true}, rig.root));
  REQUIRE(rig.people.users.remove(bob.id, rig.root));
  CHECK(rig.login_fault("ann", kPassword) == ErrorCode::invalid_credentials);
  CHECK(rig.login_fault("bob", kPassword) == ErrorCode::invalid_credentials);
  REQUIRE(rig.people.users.update(ann.id, {{}, false}, rig.root));
  CHECK(rig.login("ann"));
}

TEST_CASE("A password change ends every session of the account and begins a new one") {
  PeopleRig rig;
  const auto first = rig.set_up();
  const auto second = *rig.login();
  rig.add("ann", Role::viewer);
  const auto ann = *rig.login("ann");
  const auto who = *rig.who(first);
  const auto changed =
      rig.people.sign_in.change_password(who, secret(kPassword), secret("seven seas to cross"), rig.actor_of(first));
  REQUIRE(changed);
  CHECK_FALSE(rig.lives(first));
  CHECK_FALSE(rig.lives(second));
  CHECK(rig.lives(*changed));
  CHECK(rig.lives(ann));
  CHECK(rig.events.ended.size() == 2);
  CHECK(changed->cookie.reveal() != first.cookie.reveal());
  CHECK(rig.login_fault("admin", kPassword) == ErrorCode::invalid_credentials);
  CHECK(rig.login("admin", "seven seas to cross"));
  CHECK(rig.events_of("auth.password-changed") == "1");
}

TEST_CASE("A password change asks for the present one and refuses a weak one") {
  PeopleRig rig;
  const auto session = rig.set_up();
  const auto change = [&](std::string_view current, std::string_view wanted) {
    return rig.people.sign_in.change_password(*rig.who(session), secret(current), secret(wanted),
                                              rig.actor_of(session));
  };
  const auto weak = change(kPassword, "short");
  REQUIRE_FALSE(weak);
  CHECK(weak.error().faults.at(0).field == "newPassword");
  for (int i = 0; i < 5; ++i)
    CHECK(change("wrong", "seven seas to cross").error().code == ErrorCode::invalid_credentials);
  CHECK(change(kPassword, "seven seas to cross").error().code == ErrorCode::rate_limited);  // counted as failed log-ins
  CHECK(rig.login_fault("admin", kPassword) == ErrorCode::rate_limited);
  CHECK(rig.lives(session));
}

TEST_CASE("A wrong password steps nothing up, and is counted") {
  PeopleRig rig;
  const auto session = rig.set_up();
  rig.pass(10 * kMinute);
  const auto step_up = [&](std::string_view password) {
    const auto done = rig.people.sign_in.step_up(*rig.who(session), {secret(password), {}}, rig.actor_of(session));
    return done ? ErrorCode::internal : done.error().code;
  };
  for (int i = 0; i < 5; ++i) CHECK(step_up("wrong") == ErrorCode::invalid_credentials);
  CHECK(step_up(kPassword) == ErrorCode::rate_limited);
  CHECK_FALSE(rig.who(session)->stepped_up);
}

TEST_CASE("Nothing in the database is a secret itself") {
  PeopleRig rig;
  const auto code = *rig.people.setup.new_code();
  const auto session = *rig.people.setup.run(code, "admin", secret(kPassword), rig.stranger);
  const auto maker = *rig.who(session);
  const auto token = *rig.people.api_tokens.create(maker, "t", Role::viewer, 1, rig.stranger);
  const auto rows = rig.scratch.ask("SELECT group_concat(password_hash) FROM users") +
                    rig.scratch.ask("SELECT group_concat(session_hash) FROM sessions") +
                    rig.scratch.ask("SELECT group_concat(token_hash) FROM api_tokens") +
                    rig.scratch.ask("SELECT group_concat(details) FROM audit_events");
  for (const auto* each : {&code, &session.cookie, &session.csrf_token, &token.secret})
    CHECK(rows.find(each->reveal()) == std::string::npos);
  CHECK(rows.find(kPassword) == std::string::npos);
}
