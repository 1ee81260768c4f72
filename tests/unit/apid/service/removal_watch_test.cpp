#include "apid/service/removal_watch.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  AuditTrail audit{stores, [this] { return scratch.clock(); }};

  std::optional<Alarm> remove(const std::string& who = "ann") {
    return scratch.write([&](store::Transaction& t) {
      const Actor actor{"id-" + who, who, "192.0.2.1", "curl", "", false};
      audit.record(t, actor, "spoke.removed", "s");
      return watch_removals(stores, audit, t, actor);
    });
  }
  int alarms(int removals) {
    int count = 0;
    for (int i = 0; i < removals; ++i) count += remove() ? 1 : 0;
    return count;
  }
  void wait(std::int64_t seconds) { scratch.set_clock(scratch.clock() + seconds); }
};

}  // namespace

TEST_CASE_METHOD(Rig, "ManyRemovalsRaiseOneAlarm") {
  CHECK(alarms(kManyRemovals - 1) == 0);
  const auto alarm = remove("bob");  // whoever the others were
  REQUIRE(alarm);
  CHECK(alarm->kind == "mass-removal");
  CHECK(alarm->target == "id-bob");
  CHECK(alarm->text.find("bob from 192.0.2.1") != std::string::npos);
  CHECK(alarms(kManyRemovals) == 0);
}

TEST_CASE_METHOD(Rig, "RemovalsThatGoOnRaiseTheAlarmAgain") {
  CHECK(alarms(kManyRemovals) == 1);
  wait(kRemovalSeconds + 1);
  CHECK(alarms(kManyRemovals - 1) == 0);
  CHECK(alarms(1) == 1);
}

TEST_CASE_METHOD(Rig, "RemovalsOfALongTimeRaiseNone") {
  for (int i = 0; i < 3 * kManyRemovals; ++i) {
    CHECK_FALSE(remove());
    wait(kRemovalSeconds / (kManyRemovals - 1) + 1);
  }
}
