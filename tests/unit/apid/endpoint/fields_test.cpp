#include "apid/endpoint/fields.h"

#include <boost/json/parse.hpp>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::endpoint;

namespace {

boost::json::object object(const char* text) { return boost::json::parse(text).as_object(); }

std::vector<std::string> names(const std::optional<Error>& error) {
  std::vector<std::string> result;
  if (error)
    for (const auto& fault : error->faults) result.push_back(fault.field);
  return result;
}

http::Request query(std::vector<std::pair<std::string, std::string>> parameters) {
  http::Request request;
  request.query = std::move(parameters);
  return request;
}

std::vector<std::string> page_faults(const char* name, const std::string& value) {
  const auto request = query({{name, value}});
  Query reader(request);
  reader.page();
  return names(reader.finish());
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Every fault is collected, one a field, in the order of asking") {
  const auto body = object(R"({"a":1,"c":"x\ny","d":5})");
  Fields fields(body);
  fields.text("a", 10);
  fields.fault("a", "something else");
  fields.text("b", 10);
  fields.text("c", 10);
  CHECK(fields.integer("d", 0, 4) == 0);
  const auto fault = fields.finish();
  REQUIRE(fault);
  CHECK(fault->code == ErrorCode::invalid_request);
  CHECK(names(fault) == Names{"a", "b", "c", "d"});
  CHECK(fault->faults[0].message == "must be a string");
}

TEST_CASE("A field that nobody asked for is told first, and only as far as it looks like a name") {
  const auto body = object(R"({"a":1,"spokename":"x"})");
  Fields fields(body);
  fields.text("a", 10);
  CHECK(fields.finish()->code == ErrorCode::unknown_field);
  CHECK(names(fields.finish()) == Names{"spokename"});
  for (const char* odd : {R"({"":1})", R"({"a b":1})", R"({"\n":1})", R"({"ä":1})"}) {
    const auto other = object(odd);
    CHECK(names(Fields(other).finish()) == Names{"?"});
  }
}

TEST_CASE("Lengths are counted in bytes up to and with the limit") {
  const auto body = object(R"({"a":"xxxx","b":"éé"})");
  Fields fields(body);
  CHECK(fields.text("a", 4) == "xxxx");
  CHECK(fields.text("b", 4) == "éé");
  CHECK_FALSE(fields.finish());
  CHECK(fields.text("a", 3).empty());
  CHECK(fields.text("b", 3).empty());
  CHECK(names(fields.finish()) == Names{"a", "b"});
}

TEST_CASE("Null stands for absent only where a value may be absent") {
  const auto body = object(R"({"a":null})");
  Fields fields(body);
  CHECK_FALSE(fields.optional_text("a", 9));
  CHECK(fields.optional_object("a") == nullptr);
  CHECK_FALSE(fields.finish());
  CHECK_FALSE(fields.optional_integer("a", 0, 9));
  CHECK(names(fields.finish()) == Names{"a"});
  for (const auto& read : {+[](Fields& f) { f.text("a", 9); }, +[](Fields& f) { f.optional_boolean("a"); },
                           +[](Fields& f) { f.optional_texts("a", 1, 9); }, +[](Fields& f) { f.array("a", 9); },
                           +[](Fields& f) { f.long_text("a", 9); }}) {
    Fields other(body);
    read(other);
    CHECK(names(other.finish()) == Names{"a"});
  }
}

TEST_CASE("A number is whole and in its range") {
  for (const char* good : {R"({"a":1})", R"({"a":9})"}) {
    const auto body = object(good);
    Fields fields(body);
    CHECK(fields.optional_integer("a", 1, 9));
  }
  for (const char* bad : {R"({"a":0})", R"({"a":10})", R"({"a":1.0})", R"({"a":"1"})", R"({"a":true})",
                          R"({"a":18446744073709551615})", R"({"a":1e0})"}) {
    const auto body = object(bad);
    Fields fields(body);
    CHECK_FALSE(fields.optional_integer("a", 1, 9));
    CHECK(names(fields.finish()) == Names{"a"});
  }
}

TEST_CASE("An array has 1 to so many elements, a list of texts none to so many") {
  const auto body = object(R"({"none":[],"two":["x","y"],"mixed":["x",1]})");
  Fields fields(body);
  CHECK(fields.array("two", 2) != nullptr);
  CHECK(fields.optional_texts("none", 2, 9)->empty());
  CHECK(fields.optional_texts("two", 2, 9)->size() == 2);
  CHECK_FALSE(fields.optional_texts("absent", 2, 9));
  fields.optional_texts("mixed", 2, 9);
  CHECK(names(fields.finish()) == Names{"mixed"});
  fields.array("none", 2);
  fields.array("two", 1);
  CHECK(names(fields.finish()) == Names{"mixed", "none", "two"});
}

TEST_CASE("A parameter stands once and is known") {
  const auto twice = query({{"a", "1"}, {"a", "1"}});
  Query first(twice);
  CHECK_FALSE(first.text("a"));
  CHECK(names(first.finish()) == Names{"a"});
  const auto unknown = query({{"a", "1"}, {"b", "1"}});
  Query second(unknown);
  CHECK(second.text("a") == "1");
  CHECK(names(second.finish()) == Names{"b"});
  const auto odd = query({{"\n", ""}});
  CHECK(names(Query(odd).finish()) == Names{"?"});
}

TEST_CASE("A page has 1 to 1000 entries") {
  for (const char* good : {"1", "1000", "007"}) CHECK(page_faults("limit", good).empty());
  for (const char* bad : {"", "0", "1001", "-1", "+1", "1.0", "x", "1 ", "99999999999999999999"})
    CHECK(page_faults("limit", bad) == Names{"limit"});
}

TEST_CASE("A cursor comes back as it was given and nothing else is one") {
  for (const auto& cursor :
       {Cursor{0, ""}, Cursor{5, "0f8fad5b-d9cb-469f-a165-70867728950e"}, Cursor{INT64_MAX, "1"}}) {
    const auto request = query({{"cursor", std::string(encode_cursor(cursor).as_string())}});
    const auto page = Query(request).page();
    REQUIRE(page.after);
    CHECK((page.after->at == cursor.at && page.after->id == cursor.id));
  }
  CHECK(encode_cursor(std::nullopt).is_null());
  for (const auto& bad : {Cursor{-1, ""}, Cursor{1, "' OR 1=1"}, Cursor{1, "x"}, Cursor{1, std::string(37, 'a')}})
    CHECK(page_faults("cursor", std::string(encode_cursor(bad).as_string())) == Names{"cursor"});
  for (const char* bad : {"", "x", "=", "NQ", "Og", "NTo=", "%%%"})
    CHECK(page_faults("cursor", bad) == Names{"cursor"});
}

TEST_CASE("A time is written as every answer writes it") {
  const auto read = [](const char* text) {
    const auto request = query({{"from", text}});
    return Query(request).time("from");
  };
  CHECK(read("1970-01-01T00:00:00Z") == 0);
  CHECK(read("2026-02-28T23:59:59Z") == 1'772'323'199);
  for (const char* bad :
       {"", "2026-02-30T00:00:00Z", "2026-2-3T00:00:00Z", " 2026-02-03T00:00:00Z", "2026-02-03T00:00:00",
        "2026-02-03T24:00:00Z", "2026-02-03T00:00:60Z", "2026-02-03 00:00:00Z", "2026-02-03T00:00:00+01:00", "now"})
    CHECK_FALSE(read(bad));
}
