#include "apid/service/user_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

namespace {

// Two admins, so that one may go.
struct Pair : PeopleRig {
  SignIn admin = set_up();
  User second = add("second", Role::admin);
  SignIn session = *login("second");

  ErrorCode fault(const Outcome<User>& outcome) { return outcome ? ErrorCode::internal : outcome.error().code; }
};

}  // namespace

TEST_CASE("A user name is free again once its user is removed, and the row stays") {
  PeopleRig rig;
  rig.set_up();
  const auto ann = rig.add("ann", Role::viewer);
  const auto again = [&] { return rig.people.users.create({"ann", secret(kPassword), Role::viewer}, rig.root); };
  CHECK(again().error().code == ErrorCode::username_taken);
  REQUIRE(rig.people.users.remove(ann.id, rig.root));
  CHECK(rig.people.users.remove(ann.id, rig.root).error().code == ErrorCode::not_found);
  const auto second = again();
  REQUIRE(second);
  CHECK(second->id != ann.id);
  CHECK(rig.scratch.ask("SELECT CAST(COUNT(*) AS TEXT) FROM users WHERE username = 'ann'") == "2");
  CHECK(rig.people.users.list()->size() == 2);
  CHECK(rig.login("ann")->user.id == second->id);
}

TEST_CASE("The last admin who can sign in stays one", "[T1]") {
  Pair rig;
  const auto& id = rig.second.id;
  REQUIRE(rig.people.users.update(rig.admin.user.id, {{}, true}, rig.root));
  CHECK(rig.fault(rig.people.users.update(id, {Role::operator_, {}}, rig.root)) == ErrorCode::last_admin);
  CHECK(rig.fault(rig.people.users.update(id, {{}, true}, rig.root)) == ErrorCode::last_admin);
  CHECK(rig.fault(rig.people.users.update(id, {Role::viewer, true}, rig.root)) == ErrorCode::last_admin);
  CHECK(rig.people.users.remove(id, rig.root).error().code == ErrorCode::last_admin);
  CHECK(rig.lives(rig.session));
  // A disabled admin is no second one, an enabled one is.
  REQUIRE(rig.people.users.update(rig.admin.user.id, {{}, false}, rig.root));
  CHECK(rig.people.users.remove(id, rig.root));
}

TEST_CASE("An admin who lost his role a moment ago changes nobody", "[T1]") {
  Pair rig;
  const Actor actor = rig.actor_of(rig.session);  // as the router saw him
  REQUIRE(rig.people.users.update(rig.second.id, {Role::operator_, {}}, rig.actor_of(rig.admin)));
  CHECK(rig.fault(rig.people.users.update(rig.admin.user.id, {Role::viewer, {}}, actor)) == ErrorCode::forbidden);
  CHECK(rig.fault(rig.people.users.update(rig.second.id, {Role::admin, {}}, actor)) == ErrorCode::forbidden);
  CHECK(rig.fault(rig.people.users.create({"eve", secret(kPassword), Role::admin}, actor)) == ErrorCode::forbidden);
  CHECK(rig.people.users.remove(rig.admin.user.id, actor).error().code == ErrorCode::forbidden);
  CHECK(rig.people.users.reset(rig.admin.user.id, secret(kPassword), actor).error().code == ErrorCode::forbidden);
  CHECK(rig.fault(rig.people.users.update(rig.admin.user.id, {Role::viewer, {}}, rig.stranger)) ==
        ErrorCode::forbidden);
}

TEST_CASE("Another role ends the sessions, the same role does not") {
  Pair rig;
  const auto credential = rig.who(rig.session)->credential_id;
  REQUIRE(rig.people.users.update(rig.second.id, {Role::admin, false}, rig.root));
  CHECK(rig.lives(rig.session));
  REQUIRE(rig.people.users.update(rig.second.id, {Role::viewer, {}}, rig.root));
  CHECK_FALSE(rig.lives(rig.session));
  CHECK(rig.lives(rig.admin));
  CHECK(rig.events.ended == std::vector<std::string>{credential});
  CHECK(rig.login("second")->user.role == Role::viewer);
}

TEST_CASE("A disabled user's sessions, API tokens and their streams end") {
  Pair rig;
  const auto who = *rig.who(rig.session);
  const auto token = *rig.people.api_tokens.create(who, "t", Role::viewer, 1, rig.stranger);
  REQUIRE(rig.people.users.update(rig.second.id, {{}, true}, rig.root));
  CHECK(rig.events.ended == std::vector<std::string>{who.credential_id, token.token.id});
  CHECK_FALSE(rig.lives(rig.session));
  CHECK_FALSE(rig.people.api_tokens.by_secret(token.secret.reveal()));
  REQUIRE(rig.people.users.update(rig.second.id, {{}, false}, rig.root));
  CHECK_FALSE(rig.lives(rig.session));
}

TEST_CASE("A reset gives a new password and ends what the account has") {
  Pair rig;
  const auto token = *rig.people.api_tokens.create(*rig.who(rig.session), "t", Role::viewer, 1, rig.stranger);
  const auto weak = rig.people.users.reset(rig.second.id, secret("short"), rig.root);
  CHECK(weak.error().faults.at(0).field == "password");
  CHECK(rig.lives(rig.session));
  REQUIRE(rig.people.users.reset(rig.second.id, secret("seven seas to cross"), rig.root));
  CHECK_FALSE(rig.lives(rig.session));
  CHECK_FALSE(rig.people.api_tokens.by_secret(token.secret.reveal()));
  CHECK(rig.login_fault("second", kPassword) == ErrorCode::invalid_credentials);
  CHECK(rig.login("second", "seven seas to cross"));
  CHECK(rig.lives(rig.admin));
}

TEST_CASE("Every change of an account is in the audit trail with who and whom") {
  PeopleRig rig;
  rig.set_up();
  const auto ann = rig.add("ann", Role::viewer);
  REQUIRE(rig.people.users.update(ann.id, {Role::operator_, true}, rig.root));
  REQUIRE(rig.people.users.reset(ann.id, secret("seven seas to cross"), rig.root));
  REQUIRE(rig.people.users.remove(ann.id, rig.root));
  for (const auto* action : {"user.created", "user.updated", "user.reset", "user.removed"}) {
    CAPTURE(action);
    const auto found = rig.scratch.read([&](store::Transaction& t) {
      AuditFilter filter;
      filter.action = action;
      return rig.stores.audit.list(t, filter, PageRequest{10, {}}).items;
    });
    REQUIRE(found.size() == 1);
    CHECK(found[0].actor.name == "root");
    CHECK(found[0].target == ann.id);
    CHECK(found[0].details.find("ann") != std::string::npos);
    CHECK(found[0].details.find("seas") == std::string::npos);
  }
}
