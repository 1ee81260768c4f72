#include "apid/service/totp.h"

#include <utility>

#include "tests/catch.hpp"
#include "tests/unit/apid/service/people_rig.h"

using namespace wghub;

namespace {

constexpr std::string_view kKey = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";  // RFC 6238's: 12345678901234567890

}  // namespace

TEST_CASE("Codes are those of RFC 6238, appendix B") {
  const std::pair<std::int64_t, const char*> vectors[] = {
      {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
      {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
  };
  for (const auto& [at, code] : vectors) CHECK(totp::step_of(secret(kKey), code, at) == at / 30);
}

TEST_CASE("A code is good in its step, the one before and the one after") {
  const auto step = [](std::int64_t now) { return totp::step_of(secret(kKey), "005924", now); };
  const std::int64_t begin = 1234567890 / 30 * 30;
  CHECK_FALSE(step(begin - 31));
  CHECK(step(begin - 30) == begin / 30);
  CHECK(step(begin + 59) == begin / 30);
  CHECK_FALSE(step(begin + 60));
}

TEST_CASE("What is no six digits is no code") {
  for (const char* text : {"", "00592", "0059240", "00592a", " 05924", "-05924", "005924\n"})
    CHECK_FALSE(totp::step_of(secret(kKey), text, 1234567890));
}

TEST_CASE("A secret has 160 bits, and an app is told all that it must know") {
  const auto made = totp::make_secret(counting_bytes());
  CHECK(made.reveal().size() == 32);
  CHECK(made.reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string_view::npos);
  CHECK(totp::uri_of(secret("ABC"), "ann@home").reveal() ==
        "otpauth://totp/WireGuard%20Hub:ann@home?secret=ABC&issuer=WireGuard%20Hub&algorithm=SHA1&digits=6&period=30");
}

TEST_CASE("Recovery codes are typed as people type") {
  const auto random = counting_bytes();
  const auto code = totp::make_recovery_code(random);
  CHECK(code.reveal().size() == 19);
  CHECK(code.reveal() != totp::make_recovery_code(random).reveal());
  CHECK(totp::normalised("AEBA-geba gfba-7773").reveal() == "aebagebagfba7773");
  CHECK(totp::is_recovery_code(totp::normalised(code.reveal()).reveal()));
  for (const char* text : {"", "123456", "aebagebagfba777", "aebagebagfba77731", "aebagebagfba7779"})
    CHECK_FALSE(totp::is_recovery_code(text));
}
