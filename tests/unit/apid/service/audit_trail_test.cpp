#include "apid/service/audit_trail.h"

#include <fmt/format.h>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  AuditTrail audit{stores, [this] { return scratch.clock(); }};

  static Actor from(const std::string& address, const std::string& name = "") {
    return {name, name.empty() ? "anonymous" : name, address, "curl", "", false};
  }
  std::vector<AuditEvent> written() {
    audit.flush_denials(AuditTrail::Flush::everything);
    return scratch.read([&](store::Transaction& t) { return stores.audit.list(t, {}, {1000, std::nullopt}); }).items;
  }
};

}  // namespace

TEST_CASE_METHOD(Rig, "DenialsOfOneMinuteAreSummedByWhoWasDenied") {
  for (int i = 0; i < 3; ++i) audit.count_denial(from("192.0.2.1"), "INVALID_CREDENTIALS");
  audit.count_denial(from("192.0.2.1", "ann"), "FORBIDDEN");
  audit.count_denial(from("192.0.2.1", "bob"), "FORBIDDEN");
  const auto events = written();
  REQUIRE(events.size() == 3);
  for (const auto& event : events) {
    CHECK(event.outcome == "denied");
    CHECK(event.action == "auth.denied");
    CHECK(event.target == "192.0.2.1");
    const bool stranger = event.actor.name == "anonymous";
    CHECK(event.details ==
          (stranger ? R"({"code":"INVALID_CREDENTIALS","count":3})" : R"({"code":"FORBIDDEN","count":1})"));
  }
}

TEST_CASE_METHOD(Rig, "DenialsCannotFillTheTrail") {
  for (int i = 0; i < 1000; ++i) audit.count_denial(from(fmt::format("192.0.{}.{}", i / 250, i % 250)), "FORBIDDEN");
  CHECK(written().size() == 200);
}
