#include "apid/http/text.h"

#include "apid/http/message.h"
#include "tests/catch.hpp"

using namespace wghub::http;

TEST_CASE("AcceptNamesAMediaTypeOnlyExplicitlyAndWithWeight") {
  for (const char* accept : {"text/html", "TEXT/HTML", "a/b, text/html;q=0.1", "text/html ; level=1",
                             "text/html;q=0.001", "application/xhtml+xml,text/html;charset=utf-8;q=1"})
    CHECK(names_media_type(accept, "text/html"));
  for (const char* accept :
       {"", "*/*", "text/*", "text/htmlx", "text/html;q=0", "text/html; Q = 0.000", "text/plain", "atext/html"})
    CHECK_FALSE(names_media_type(accept, "text/html"));
}

TEST_CASE("ControlCharactersBecomeQuestionMarks") {
  CHECK(printable("a\r\nb\x7f", 100) == "a??b?");
  CHECK(printable("abcdef", 3) == "abc");
}
