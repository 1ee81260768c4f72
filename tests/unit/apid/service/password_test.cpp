#include "apid/service/password.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

using Clock = std::chrono::steady_clock;

Clock::duration time_of_verify(PasswordHasher& hasher, const std::string& encoded) {
  const auto began = Clock::now();
  CHECK(*hasher.verify(encoded, "a wrong password") == false);
  return Clock::now() - began;
}

}  // namespace

TEST_CASE("A password is checked against length, variety, common words and the name") {
  for (const char* good :
       {"tall ships sail far", "correct horse battery", "dPq7!mzK-a91", "пароль для узла", "12345678901a"})
    CHECK_FALSE(password_fault(good, "admin"));
  for (const char* bad :
       {"", "elevenchars", "ababababababab", "123456789012", "98765432109876", "Password1234", "!!PASSWORD!!1",
        "qwertyuiop12", "letmein123456", "wireguardhub1", "correcthorsebatterystaple"})
    CHECK(password_fault(bad, "admin"));
  CHECK(password_fault("operations12", "operations"));
  CHECK_FALSE(password_fault(std::string(250, 'x') + "abcde", "admin"));
  CHECK(password_fault(std::string(252, 'x') + "abcde", "admin"));
}

TEST_CASE("A hash says yes to its password alone and differs every time") {
  PasswordHasher hasher;
  const auto first = hasher.hash("tall ships sail far");
  const auto second = hasher.hash("tall ships sail far");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK(first->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(*hasher.verify(*first, "tall ships sail far"));
  CHECK_FALSE(*hasher.verify(*first, "tall ships sail fan"));
  CHECK_FALSE(*hasher.verify(*first, ""));
}

TEST_CASE("An unknown user costs what a known one costs") {
  PasswordHasher hasher;
  const auto encoded = *hasher.hash("tall ships sail far");
  auto known = Clock::duration::max();
  auto unknown = known;
  // In turns and the shortest of each: a busy machine only adds time.
  for (int i = 0; i < 15; ++i) {
    known = std::min(known, time_of_verify(hasher, encoded));
    unknown = std::min(unknown, time_of_verify(hasher, ""));
  }
  CHECK(unknown > known / 2);
  CHECK(unknown < known * 2);
}

TEST_CASE("Two passwords are computed at once, some wait, the rest is told to come again") {
  PasswordHasher hasher;
  std::atomic<int> computed{0};
  std::atomic<int> put_off{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 60; ++i) {
    threads.emplace_back([&] {
      const auto answer = hasher.verify("", "x");
      if (answer) {
        ++computed;
      } else {
        ++put_off;
        if (answer.error().code != ErrorCode::rate_limited || !answer.error().retry_after) computed = -1000;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(computed + put_off == 60);
  CHECK(computed >= 18);
}
