#include <set>

#include "tests/unit/apid/cli/doctor/healthy.h"

using namespace wghub;
using namespace wghub::cli;

TEST_CASE("AHealthyHubIsGoodThroughout") {
  std::set<std::string> names;
  for (const auto& check : all_checks()) {
    CHECK(finds(State::good, check.name, "", healthy_facts()));
    CHECK_FALSE(check.what.empty());
    names.insert(check.name);
  }
  CHECK(names.size() == all_checks().size());
  CHECK(names.size() >= 20);
}

TEST_CASE("OfASilentHubNothingIsGuessed") {
  auto facts = healthy_facts();
  facts.hub = {};
  facts.hub.unreachable = "/run/admin.sock: Connection refused";
  CHECK(finds(State::wrong, "apid", "Connection refused", facts));
  for (const char* name : {"setup", "database", "helper", "reconcile", "drift", "pool", "handshakes", "api-tokens",
                           "alerts", "interface", "udp-port", "endpoint"})
    CHECK(finds(State::unknown, name, "", facts));
}

TEST_CASE("TheFirstStepsAreNamedOneAfterTheOther") {
  auto facts = healthy_facts();
  facts.hub.is_set_up = facts.hub.is_initialized = false;
  CHECK(finds(State::wrong, "setup", "no administrator", facts));
  facts.hub.is_set_up = true;
  CHECK(finds(State::wrong, "setup", "no network", facts));
}

TEST_CASE("DatabaseAndHelperAreToldApart") {
  auto facts = healthy_facts();
  facts.hub.status = "database-busy";
  CHECK(finds(State::wrong, "database", "no writes", facts));
  CHECK(finds(State::good, "helper", "", facts));
  facts.hub.status = "helper-unavailable";
  CHECK(finds(State::good, "database", "", facts));
  CHECK(finds(State::wrong, "helper", "no spoke can be added", facts));
  CHECK(finds(State::unknown, "drift", "", facts));
}

TEST_CASE("AComparisonThatIsTooLongAgoIsWrong") {
  auto facts = healthy_facts();
  facts.hub.reconciled_seconds_ago = 30;
  CHECK(finds(State::good, "reconcile", "30 s", facts));
  facts.hub.reconciled_seconds_ago = 31;
  CHECK(finds(State::wrong, "reconcile", "31 s", facts));
  facts.hub.reconciled_seconds_ago.reset();
  CHECK(finds(State::wrong, "reconcile", "could not", facts));
}

TEST_CASE("MissingPeersAreWrongAndForeignOnesANote") {
  auto facts = healthy_facts();
  facts.hub.foreign_peers = {"a-key"};
  CHECK(finds(State::note, "drift", "a-key", facts));
  facts.hub.missing_peers = {"1", "2", "3", "4", "5", "6"};
  CHECK(finds(State::wrong, "drift", "6 spokes are not on the interface: 1, 2, 3, 4, 5, ...", facts));
}

TEST_CASE("ThePoolIsNearlyFullAtNineTenths") {
  auto facts = healthy_facts();
  facts.hub.spokes = 200;
  facts.hub.open_tokens = 27;
  CHECK(finds(State::good, "pool", "227 of 253", facts));
  facts.hub.open_tokens = 28;
  CHECK(finds(State::wrong, "pool", "228 of 253 addresses are held, 28 by open tokens", facts));
}

TEST_CASE("NoConnectedSpokeIsWrongOnceOneShouldBe") {
  auto facts = healthy_facts();
  facts.hub.active_spokes = 0;
  CHECK(finds(State::wrong, "handshakes", "of 3 spokes none is connected", facts));
  facts.hub.inactive_spokes = 0;
  CHECK(finds(State::good, "handshakes", "", facts));
  facts.hub.waiting_spokes = 1;
  CHECK(finds(State::wrong, "handshakes", "and none ever was", facts));
}

TEST_CASE("ApiTokensThatEndSoonAreNamed") {
  auto facts = healthy_facts();
  facts.hub.ending_api_tokens = {"ci", "terraform"};
  CHECK(finds(State::note, "api-tokens", "ci, terraform", facts));
}

TEST_CASE("AlertTargetsThatTakeNothingAreWrongAndNoneANote") {
  auto facts = healthy_facts();
  facts.hub.failing_targets = {"chat (HTTP status 404)"};
  CHECK(finds(State::wrong, "alerts", "1 of 1 alert targets take nothing: chat (HTTP status 404)", facts));
  facts.hub.failing_targets.clear();
  facts.hub.alert_targets = 0;
  CHECK(finds(State::note, "alerts", "nobody is told", facts));
}
