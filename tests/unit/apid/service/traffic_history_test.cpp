#include "apid/service/traffic_history.h"

#include "tests/catch.hpp"

using wghub::TrafficHistory;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr auto kStep = TrafficHistory::kStepSeconds;

}  // namespace

TEST_CASE("A point holds what came within its step, and what was counted before the first call is in none") {
  TrafficHistory history;
  history.take(kNow, 1000, 500);
  history.take(kNow + kStep - 1, 1400, 500);
  CHECK(history.points().empty());
  history.take(kNow + kStep, 1600, 520);
  REQUIRE(history.points().size() == 1);
  CHECK(history.points()[0].at == kNow + kStep);
  CHECK(history.points()[0].seconds == kStep);
  CHECK(history.points()[0].received_bytes == 600);
  CHECK(history.points()[0].sent_bytes == 20);
}

TEST_CASE("Where nobody counted for a while the point is as long as that") {
  TrafficHistory history;
  history.take(kNow, 0, 0);
  history.take(kNow + 5 * kStep, 100, 0);
  REQUIRE(history.points().size() == 1);
  CHECK(history.points()[0].seconds == 5 * kStep);
}

TEST_CASE("The oldest points go when a day is full") {
  TrafficHistory history;
  for (std::int64_t i = 0; i <= std::int64_t(TrafficHistory::kPoints) + 3; ++i) history.take(kNow + i * kStep, i, i);
  REQUIRE(history.points().size() == TrafficHistory::kPoints);
  CHECK(history.points().front().at == kNow + 4 * kStep);
}

TEST_CASE("After a clock was set back no point lies in the future, and counting goes on") {
  TrafficHistory history;
  for (std::int64_t i = 0; i <= 4; ++i) history.take(kNow + i * kStep, i, i);
  history.take(kNow + kStep + 10, 7, 7);
  REQUIRE(history.points().size() == 1);
  history.take(kNow + 2 * kStep + 10, 9, 8);
  REQUIRE(history.points().size() == 2);
  CHECK(history.points()[1].received_bytes == 2);
}
