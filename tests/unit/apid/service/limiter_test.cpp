#include "apid/service/limiter.h"

#include "tests/catch.hpp"

using namespace wghub;

TEST_CASE("A limiter lets as many through as its window has room for") {
  Limiter limiter(3, std::chrono::seconds(60));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(limiter.take("a", 100 + i));
  CHECK(limiter.take("a", 110) == std::chrono::seconds(50));
  CHECK(limiter.wait_of("a", 159) == std::chrono::seconds(1));
  CHECK_FALSE(limiter.wait_of("a", 160));
  CHECK_FALSE(limiter.take("a", 160));
  CHECK(limiter.take("a", 160) == std::chrono::seconds(1));
  CHECK_FALSE(limiter.take("b", 110));
}

TEST_CASE("A limit of nothing is switched off") {
  Limiter limiter(0, std::chrono::seconds(60));
  for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(limiter.take("a", 1));
  CHECK_FALSE(limiter.wait_of("a", 1));
}

TEST_CASE("Looking counts nothing and what is given back can be taken again") {
  Limiter limiter(1, std::chrono::seconds(60));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(limiter.wait_of("a", 1));
  CHECK_FALSE(limiter.take("a", 1));
  CHECK(limiter.take("a", 1));
  limiter.give_back("a");
  CHECK_FALSE(limiter.take("a", 1));
  limiter.give_back("nobody");
}

TEST_CASE("A clock set back makes nobody wait longer than the window") {
  Limiter limiter(1, std::chrono::seconds(60));
  CHECK_FALSE(limiter.take("a", 1'000'000));
  CHECK(limiter.take("a", 1) == std::chrono::seconds(60));
  CHECK(limiter.take("a", 60) == std::chrono::seconds(1));
  CHECK_FALSE(limiter.take("a", 61));
}

TEST_CASE("A flood of keys cannot take the memory nor free the one that was limited just now") {
  Limiter limiter(1, std::chrono::seconds(60), 100);
  for (int i = 0; i < 10'000; ++i) limiter.take("key " + std::to_string(i), 1 + i / 1000);
  CHECK_FALSE(limiter.take("mine", 50));
  for (int i = 0; i < 40; ++i) limiter.take("later " + std::to_string(i), 50);
  CHECK(limiter.take("mine", 50));
}

TEST_CASE("An IPv4 client counts whole and an IPv6 client by its network") {
  CHECK(limiter_key("198.51.100.7") == "198.51.100.7");
  CHECK(limiter_key("2001:db8:1:2:3:4:5:6") == limiter_key("2001:db8:1:2::9"));
  CHECK(limiter_key("2001:db8:1:2::1") != limiter_key("2001:db8:1:3::1"));
  CHECK(limiter_key("unix") == "unix");
}
