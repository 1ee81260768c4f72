#include "apid/http/target.h"

#include "tests/catch.hpp"

using namespace wghub::http;

TEST_CASE("ReadsPathAndQuery") {
  const auto target = parse_target("/api/a%20b?x=1&x=2&y=a+b%2B&z&=q");
  REQUIRE(target);
  CHECK(target->path == "/api/a b");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(target->query == Pairs{{"x", "1"}, {"x", "2"}, {"y", "a b+"}, {"z", ""}, {"", "q"}});
  CHECK(parse_target("/?")->query.empty());
  CHECK(parse_target("/")->path == "/");
}

TEST_CASE("RefusesOtherFormsAndBadEscapes") {
  for (const char* text : {"", "*", "api", "https://hub/api", "hub:443", "/%", "/%4", "/%zz", "/a?b=%g0", "/a b",
                           "/a#b", "/a\"b", "/%00", "/a%0d%0ab", "/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/\xc3\xa4"})
    CHECK_FALSE(parse_target(text));
}
