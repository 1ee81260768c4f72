#include "apid/cli/output.h"

#include <boost/json/parse.hpp>

#include "apid/cli/completion.h"
#include "apid/cli/families.h"
#include "apid/cli/request.h"
#include "tests/catch.hpp"

using namespace wghub::cli;

TEST_CASE("CellsStandUnderEachOtherByCodePoints") {
  Table table({"NAME", "STATUS", "LAST"});
  table.add({"caf\xc3\xa9", "active", "x"});
  table.add({"a longer one", "-", "y"});
  CHECK(table.text() ==
        "NAME          STATUS  LAST\n"
        "caf\xc3\xa9          active  x\n"
        "a longer one  -       y\n");
  CHECK(aligned({{"id", "1"}, {"status", "2"}}) == "id      1\nstatus  2\n");
}

TEST_CASE("WhatATerminalWouldObeyIsNotPrinted") {
  CHECK(printable("a\x1b[31mb\nc\td\x7f") == "a?[31mb?c?d?");
  CHECK(printable("\xc2\x9b"
                  "31m caf\xc3\xa9 \xc2\xa9") == "?31m caf\xc3\xa9 \xc2\xa9");
}

TEST_CASE("ValuesAreToldInWords") {
  CHECK(in_words(boost::json::parse("null")) == "-");
  CHECK(in_words(boost::json::parse("true")) == "yes");
  CHECK(in_words(boost::json::parse(R"(["a","b"])")) == "a, b");
  CHECK(in_words(boost::json::parse("[]")) == "-");
  CHECK(in_words(boost::json::parse("12")) == "12");
  CHECK(in_words(boost::json::parse(R"({"a":1})")) == R"({"a":1})");
  CHECK(in_bytes(1023) == "1023 B");
  CHECK(in_bytes(1536) == "1.5 KiB");
  CHECK(in_bytes(5LL << 40) == "5.0 TiB");
}

TEST_CASE("QueriesAreEscapedAndEmptyValuesLeftOut") {
  CHECK(query_of({{"actor", "a b&c"}, {"action", ""}, {"to", "2026-01-31T00:00:00Z"}}) ==
        "?actor=a%20b%26c&to=2026-01-31T00%3A00%3A00Z");
  CHECK(query_of({}).empty());
  CHECK(with_parameter("/x?a=1", "b", "2") == "/x?a=1&b=2");
}

TEST_CASE("CompletionKnowsEveryCommand") {
  const auto groups = all_commands();
  for (const auto& script : {bash_completion(groups), zsh_completion(groups), fish_completion(groups)})
    for (const auto& group : groups)
      for (const auto& command : group.commands) {
        CHECK(script.find(command.name) != std::string::npos);
        for (const auto& argument : command.arguments)
          if (argument.is_option()) CHECK(script.find(argument.name.substr(2)) != std::string::npos);
      }
}
