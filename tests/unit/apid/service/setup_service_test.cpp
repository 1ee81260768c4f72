#include "apid/service/setup_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

TEST_CASE("A set-up code is good for 15 minutes and a newer one replaces it") {
  PeopleRig rig;
  const auto old = *rig.people.setup.new_code();
  const auto code = *rig.people.setup.new_code();
  const auto fault = [&](const Secret& tried) {
    return rig.people.setup.run(tried, "admin", secret("short"), rig.stranger).error().code;
  };
  CHECK(fault(old) == ErrorCode::invalid_setup_code);
  rig.pass(15 * kMinute - 1);
  CHECK(fault(code) == ErrorCode::invalid_request);
  rig.pass(1);
  CHECK(fault(code) == ErrorCode::invalid_setup_code);
  CHECK(rig.people.setup.is_required());
}

TEST_CASE("Set-up happens once") {
  PeopleRig rig;
  const auto code = *rig.people.setup.new_code();
  REQUIRE(rig.people.setup.run(code, "admin", secret(kPassword), rig.stranger));
  CHECK(rig.people.setup.run(code, "eve", secret(kPassword), rig.stranger).error().code == ErrorCode::setup_done);
  CHECK(rig.people.setup.new_code().error().code == ErrorCode::setup_done);
  CHECK_FALSE(rig.people.setup.is_required());
}
