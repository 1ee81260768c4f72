#include "apid/store/alert_store.h"

#include "apid/store/alert_target_store.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;

}  // namespace

TEST_CASE("Alerts are numbered, listed by pages, and the newest outlives every pruning") {
  Scratch scratch;
  const AlertStore alerts;
  scratch.write([&](Transaction& t) {
    for (int i = 1; i <= 5; ++i) alerts.append(t, {0, 0, AlertKind::alarm, "r", "s", std::to_string(i)});
    return Done{};
  });
  const auto first = scratch.read([&](Transaction& t) { return alerts.list(t, {2, std::nullopt}); });
  REQUIRE(first.items.size() == 2);
  CHECK(first.items[0].name == "5");
  CHECK(first.items[0].number == 5);
  CHECK(first.items[0].at == kNow);
  REQUIRE(first.next);
  const auto second = scratch.read([&](Transaction& t) { return alerts.list(t, {3, first.next}); });
  CHECK(second.items.size() == 3);
  CHECK_FALSE(second.next);
  scratch.write([&](Transaction& t) {
    alerts.prune(t, kNow + 1);
    return Done{};
  });
  CHECK(scratch.read([&](Transaction& t) { return alerts.newest(t); }) == 5);
  scratch.write([&](Transaction& t) {
    alerts.append(t, {0, 0, AlertKind::certificate, "r", "s", ""});
    return Done{};
  });
  const auto after = scratch.read([&](Transaction& t) { return alerts.after(t, 4, 10); });
  REQUIRE(after.size() == 2);
  CHECK(after[1].number == 6);
  CHECK(after[1].kind == AlertKind::certificate);
}

TEST_CASE("What stands is begun once and ended once") {
  Scratch scratch;
  const AlertStore alerts;
  scratch.write([&](Transaction& t) {
    CHECK(alerts.begin(t, AlertKind::spoke_down, "a"));
    CHECK_FALSE(alerts.begin(t, AlertKind::spoke_down, "a"));
    CHECK(alerts.begin(t, AlertKind::certificate, "a"));
    CHECK(alerts.standing(t, AlertKind::spoke_down) == std::map<std::string, std::int64_t>{{"a", kNow}});
    CHECK(alerts.end(t, AlertKind::spoke_down, "a"));
    CHECK_FALSE(alerts.end(t, AlertKind::spoke_down, "a"));
    CHECK(alerts.standing(t, AlertKind::spoke_down).empty());
    return Done{};
  });
}

TEST_CASE("A target is read as it was stored, and what it was told does not become less") {
  Scratch scratch;
  const AlertTargetStore targets;
  AlertTarget target;
  target.id = "1";
  target.name = "On call";
  target.address = Secret(std::string("https://example.net/secret"));
  target.signing_key = Secret(std::string("whs_x"));
  target.kinds = {AlertKind::spoke_down, AlertKind::alarm};
  target.quiet_hours = QuietHours{1320, 420};
  target.created_at = kNow;
  target.told_until = 4;
  scratch.write([&](Transaction& t) {
    targets.insert(t, target);
    target.told_until = 9;
    target.last_delivered_at = kNow + 1;
    target.failing_since = kNow + 2;
    target.last_error = "why";
    targets.save_progress(t, target);
    auto late = target;
    late.told_until = 3;
    targets.save_progress(t, late);
    return Done{};
  });
  const auto read = scratch.read([&](Transaction& t) { return targets.list(t); });
  REQUIRE(read.size() == 1);
  CHECK(read[0].address.reveal() == "https://example.net/secret");
  CHECK(read[0].signing_key.reveal() == "whs_x");
  CHECK(read[0].kinds == target.kinds);
  REQUIRE(read[0].quiet_hours);
  CHECK(read[0].quiet_hours->from == 1320);
  CHECK(read[0].quiet_hours->until == 420);
  CHECK(read[0].told_until == 9);
  CHECK(read[0].last_delivered_at == kNow + 1);
  CHECK(read[0].failing_since == kNow + 2);
  CHECK(read[0].last_error == "why");
  scratch.write([&](Transaction& t) {
    CHECK(targets.remove(t, "1"));
    CHECK_FALSE(targets.remove(t, "1"));
    return Done{};
  });
}
