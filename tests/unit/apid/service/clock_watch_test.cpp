#include "apid/service/clock_watch.h"

#include "tests/catch.hpp"

using namespace wghub;

namespace {

constexpr std::int64_t kHour = 60 * 60;
constexpr std::int64_t kYear = 365 * 24 * kHour;
constexpr std::int64_t kNow = 1'700'000'000;

// A hub with a clock: what the database says is the highest that the clock ever showed while the hub looked.
struct Machine {
  explicit Machine(std::int64_t highest = kNow) : watch(highest), hub(highest) {}

  /// What is told after that many seconds, when the clock was moved by jump besides.
  std::string after(std::int64_t seconds, std::int64_t jump = 0) {
    steady += seconds;
    wall += seconds + jump;
    hub = std::max(hub + seconds, wall);
    const auto alarm = watch.look(hub, wall, steady);
    return alarm ? alarm->kind : "";
  }

  ClockWatch watch;
  std::int64_t hub;
  std::int64_t wall = kNow;
  std::int64_t steady = 1000;
};

}  // namespace

TEST_CASE("A clock that goes as time does is no news, however long the hub slept between two looks") {
  Machine machine;
  for (const auto seconds : {5, 5, 3600, 86400 * 30, 5}) CHECK(machine.after(seconds).empty());
  CHECK(machine.after(5, 30 * 60).empty());
  CHECK(machine.after(5, -30 * 60).empty());
}

TEST_CASE("A clock that jumps ahead is told once, and once more when it is set back") {
  Machine machine;
  CHECK(machine.after(5).empty());
  CHECK(machine.after(5, kYear) == "clock-ahead");
  CHECK(machine.after(5).empty());
  CHECK(machine.after(5, -kYear) == "clock-behind");
  for (int i = 0; i < 100; ++i) CHECK(machine.after(kHour).empty());
  CHECK(machine.after(5, kYear).empty());
  CHECK(machine.after(5, -kYear) == "clock-behind");
}

TEST_CASE("A clock that was ahead only between two looks is told if its reading stayed") {
  Machine machine;
  CHECK(machine.after(5).empty());
  machine.hub += kYear;  // somebody wrote while it was ahead
  CHECK(machine.after(5) == "clock-ahead");
  CHECK(machine.after(5) == "clock-behind");
}

TEST_CASE("A start long after the last change is told, a start after a reboot and the first one are not") {
  CHECK(Machine(kNow - kYear).after(5) == "clock-ahead");
  CHECK(Machine(kNow + kYear).after(5) == "clock-behind");
  CHECK(Machine(kNow - 2 * kHour).after(5).empty());
  CHECK(Machine(0).after(5).empty());
}
