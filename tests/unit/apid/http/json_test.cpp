#include "apid/http/json.h"

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::http;

namespace {

std::string nested(int levels) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) text += "[";
  text += "1";
  for (int i = 1; i < levels; ++i) text += "]";
  return text + "}";
}

ErrorCode fault(std::string_view text) {
  const auto parsed = parse_object(text);
  REQUIRE_FALSE(parsed);
  return parsed.error().code;
}

}  // namespace

TEST_CASE("ReadsOneObject") {
  const auto parsed = parse_object(R"( {"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]} )");
  REQUIRE(parsed);
  CHECK(parsed->at("a") == 1);
}

TEST_CASE("RefusesWhatIsNotStrictJson") {
  for (const char* text :
       {"", " ", "{", "{}x", "{} {}", "{'a':1}", "{\"a\":1,}", "{a:1}", "{\"a\":01}", "{\"a\":NaN}", "// no\n{}",
        "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\t\"}", "\xef\xbb\xbf{}"})
    CHECK(fault(text) == ErrorCode::invalid_json);
}

TEST_CASE("RefusesDuplicateKeysAtEveryDepth") {
  CHECK(fault(R"({"a":1,"a":2})") == ErrorCode::invalid_json);
  CHECK(fault(R"({"x":{"a":1,"a":1}})") == ErrorCode::invalid_json);
  CHECK(fault(R"({"x":[{"a":1,"b":2,"a":1}]})") == ErrorCode::invalid_json);
  CHECK(fault(R"({"a":1,"\u0061":2})") == ErrorCode::invalid_json);
}

TEST_CASE("ReadsSixteenLevelsAndNoMore") {
  CHECK(parse_object(nested(16)));
  CHECK(fault(nested(17)) == ErrorCode::invalid_json);
  CHECK(fault(nested(30000)) == ErrorCode::invalid_json);
}

TEST_CASE("JsonThatIsNoObjectIsOfTheWrongType") {
  for (const char* text : {"[]", "1", "\"a\"", "null", "true"}) CHECK(fault(text) == ErrorCode::invalid_request);
}

TEST_CASE("WritesTimestampsInUtc") {
  CHECK(to_timestamp(0) == "1970-01-01T00:00:00Z");
  CHECK(to_timestamp(1767225599) == "2025-12-31T23:59:59Z");
}
