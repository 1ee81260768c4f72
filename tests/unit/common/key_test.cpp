#include "common/key.h"

#include "tests/catch.hpp"

using namespace wghub;

TEST_CASE("ReadsAndWritesTheSameKey") {
  const std::string text = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
  const auto key = parse_public_key(text);
  REQUIRE(key);
  CHECK(to_base64(*key) == text);
  CHECK(to_hex(*key).substr(0, 8) == "c5320103");
  CHECK(is_usable(*key));
}

TEST_CASE("RefusesEveryOtherFormOfAKey") {
  for (const char* bad :
       {"", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dh=",
        "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8D==", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8-g=",
        " TIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg==",
        "jNQCb8RA9pf...", "====xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx="})
    CHECK_FALSE(parse_public_key(bad));
}

TEST_CASE("RefusesKeysOfLowOrderAndNonCanonicalOnes") {
  PublicKey key;
  CHECK_FALSE(is_usable(key));  // zero
  key.bytes[0] = 1;
  CHECK_FALSE(is_usable(key));
  key.bytes[0] = 9;
  CHECK(is_usable(key));  // the base point
  key.bytes[31] = 0x80;
  CHECK_FALSE(is_usable(key));  // bit 255
  key.bytes.fill(0xff);
  key.bytes[31] = 0x7f;
  for (int low = 0xec; low <= 0xff; ++low) {
    key.bytes[0] = static_cast<std::uint8_t>(low);
    CHECK_FALSE(is_usable(key));  // p - 1 (order 2), p and above
  }
  key.bytes[0] = 0xeb;
  CHECK(is_usable(key));
}
