#include "apid/service/api_token_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

TEST_CASE("An API token has no role above its maker's and none above its owner's") {
  PeopleRig rig;
  const auto session = rig.set_up();
  auto maker = *rig.who(session);
  for (const auto role : {Role::viewer, Role::operator_, Role::admin})
    CHECK(rig.people.api_tokens.create(maker, "t", role, 1, rig.stranger));
  maker.role = Role::operator_;
  CHECK(rig.people.api_tokens.create(maker, "t", Role::operator_, 1, rig.stranger));
  CHECK(rig.people.api_tokens.create(maker, "t", Role::admin, 1, rig.stranger).error().code == ErrorCode::forbidden);
  maker.role = Role::viewer;
  CHECK(rig.people.api_tokens.create(maker, "t", Role::operator_, 1, rig.stranger).error().code ==
        ErrorCode::forbidden);
}

TEST_CASE("An API token is over at the second of its expiry and after it is revoked") {
  PeopleRig rig;
  const auto session = rig.set_up();
  const auto maker = *rig.who(session);
  const auto brief = *rig.people.api_tokens.create(maker, "brief", Role::viewer, 1, rig.stranger);
  const auto revoked = *rig.people.api_tokens.create(maker, "revoked", Role::viewer, 2, rig.stranger);
  CHECK(rig.people.api_tokens.by_secret(brief.secret.reveal()));
  rig.pass(24 * kHour - 1);
  CHECK(rig.people.api_tokens.by_secret(brief.secret.reveal())->name == "brief");
  rig.pass(1);
  CHECK_FALSE(rig.people.api_tokens.by_secret(brief.secret.reveal()));
  REQUIRE(rig.people.api_tokens.revoke(revoked.token.id, rig.stranger));
  CHECK_FALSE(rig.people.api_tokens.by_secret(revoked.secret.reveal()));
  CHECK(rig.people.api_tokens.revoke(revoked.token.id, rig.stranger).error().code == ErrorCode::not_found);
  CHECK(rig.events.ended == std::vector<std::string>{revoked.token.id});
}

TEST_CASE("An API token falls with its owner's role and ends with its owner") {
  PeopleRig rig;
  rig.set_up();
  const auto bob = rig.add("bob", Role::admin);
  const auto maker = *rig.who(*rig.login("bob"));
  const auto made = *rig.people.api_tokens.create(maker, "t", Role::admin, 1, rig.stranger);
  const auto now = [&] { return rig.people.api_tokens.by_secret(made.secret.reveal()); };
  CHECK(now()->role == Role::admin);
  REQUIRE(rig.people.users.update(bob.id, {Role::viewer, {}}, rig.root));
  CHECK(now()->role == Role::viewer);
  REQUIRE(rig.people.users.update(bob.id, {{}, true}, rig.root));
  CHECK_FALSE(now());
  REQUIRE(rig.people.users.update(bob.id, {{}, false}, rig.root));
  CHECK_FALSE(now());  // enabling him gives his tokens no second life
}

TEST_CASE("Who was demoted or disabled a moment ago makes no API token any more") {
  PeopleRig rig;
  rig.set_up();
  const auto bob = rig.add("bob", Role::admin);
  const auto maker = *rig.who(*rig.login("bob"));  // as the router saw him
  const auto fault = [&](Role role) {
    const auto made = rig.people.api_tokens.create(maker, "t", role, 1, rig.stranger);
    return made ? ErrorCode::internal : made.error().code;
  };
  REQUIRE(rig.people.users.update(bob.id, {Role::operator_, {}}, rig.root));
  CHECK(fault(Role::admin) == ErrorCode::forbidden);
  CHECK(fault(Role::operator_) == ErrorCode::internal);
  REQUIRE(rig.people.users.update(bob.id, {{}, true}, rig.root));
  CHECK(fault(Role::viewer) == ErrorCode::forbidden);
}

TEST_CASE("The streams of an API token end when it expires, once") {
  PeopleRig rig;
  const auto maker = *rig.who(rig.set_up());
  const auto brief = *rig.people.api_tokens.create(maker, "brief", Role::viewer, 1, rig.stranger);
  REQUIRE(rig.people.api_tokens.create(maker, "long", Role::viewer, 2, rig.stranger));
  rig.pass(24 * kHour - 1);
  rig.people.api_tokens.end_expired();
  CHECK(rig.events.ended.empty());
  rig.pass(1);
  rig.people.api_tokens.end_expired();
  rig.people.api_tokens.end_expired();
  CHECK(rig.events.ended == std::vector<std::string>{brief.token.id});
}
