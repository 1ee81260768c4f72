#include "apid/service/status_tracker.h"

#include "tests/catch.hpp"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;

SpokeStatus after(SpokeStatus current, std::int64_t age) { return next_status(current, kNow - age, kNow); }

}  // namespace

TEST_CASE("A spoke is pending until its first handshake") {
  for (const auto status : {SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive})
    CHECK(next_status(status, std::nullopt, kNow) == SpokeStatus::pending);
}

TEST_CASE("A handshake of three minutes is active and one of more than five is not") {
  for (const auto status : {SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive}) {
    CHECK(after(status, 0) == SpokeStatus::active);
    CHECK(after(status, 180) == SpokeStatus::active);
    CHECK(after(status, 301) == SpokeStatus::inactive);
  }
}

TEST_CASE("Between three and five minutes a spoke keeps what it was") {
  for (const int age : {181, 240, 300}) {
    CHECK(after(SpokeStatus::active, age) == SpokeStatus::active);
    CHECK(after(SpokeStatus::inactive, age) == SpokeStatus::inactive);
  }
}

TEST_CASE("A handshake in the future, before a clock was set back, says nothing about now") {
  CHECK(after(SpokeStatus::inactive, -300) == SpokeStatus::active);
  CHECK(after(SpokeStatus::active, -301) == SpokeStatus::inactive);
}
