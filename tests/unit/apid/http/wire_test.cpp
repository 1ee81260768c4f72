#include "apid/http/wire.h"

#include <algorithm>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::http;
using Step = RequestReader::Step;

namespace {

struct Result {
  Step step;
  ErrorCode fault;
  std::string body;
  std::string left;
};

// Feeds the text in pieces of the given size, as a network might.
Result read(const std::string& text, std::size_t piece) {
  RequestReader reader;
  std::string buffer;
  std::size_t sent = 0;
  bool in_body = false;
  for (;;) {
    const auto step = in_body ? reader.read_body(buffer) : reader.read_head(buffer);
    if (step == Step::fault) return {step, reader.fault(), "", buffer};
    if (step == Step::ready && in_body)
      return {step, {}, reader.take_body(), buffer + text.substr(std::min(sent, text.size()))};
    if (step == Step::ready) {
      in_body = true;
    } else {
      if (sent >= text.size()) return {step, {}, "", buffer};
      buffer += text.substr(sent, piece);
      sent += piece;
    }
  }
}

const std::string kPost = "POST /x HTTP/1.1\r\nHost: h\r\n";

}  // namespace

TEST_CASE("ReadsARequestHoweverItArrives") {
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    const auto plain = read(kPost + "Content-Length: 5\r\n\r\nhelloGET", piece);
    CHECK(plain.step == Step::ready);
    CHECK(plain.body == "hello");
    CHECK(plain.left == "GET");
    const auto chunked =
        read(kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\nGET", piece);
    CHECK(chunked.step == Step::ready);
    CHECK(chunked.body == "hello");
    CHECK(chunked.left == "GET");
    CHECK(read("\r\n" + kPost + "Content-Length: 0\r\n\r\n", piece).step == Step::ready);
  }
}

TEST_CASE("RefusesWhatTwoParsersCouldReadDifferently", "[T10]") {
  for (const std::string& head : {
           kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
           kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           kPost + "Content-Length: 5, 5\r\n\r\nhello",
           kPost + "Content-Length: +5\r\n\r\nhello",
           kPost + "Content-Length: -5\r\n\r\nhello",
           kPost + "Content-Length: 0x5\r\n\r\nhello",
           kPost + "Content-Length: 5 5\r\n\r\nhello",
           kPost + "Content-Length:\r\n\r\n",
           kPost + "Content-Length: 99999999999999999999\r\n\r\n",
           kPost + "Content-Length : 5\r\n\r\nhello",
           kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding: identity\r\n\r\n",
           kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding: \x0b chunked\r\n\r\n0\r\n\r\n",
           kPost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
           kPost + "X: a\r\n b\r\n\r\n",
           kPost + "X: a\r\n\tContent-Length: 5\r\n\r\n",
           kPost + " Content-Length: 5\r\n\r\n",
           kPost + "X: a\nContent-Length: 5\r\n\r\n",
           kPost + "X: a\rContent-Length: 5\r\n\r\n",
           kPost + "X: a\n\n",
           kPost + std::string("X: \0\r\n\r\n", 8),
           kPost + "X: \x7f\r\n\r\n",
           kPost + "X\r\n\r\n",
           kPost + ": x\r\n\r\n",
           kPost + "X Y: z\r\n\r\n",
           kPost + "Host: other\r\n\r\n",
           std::string("POST /x HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("POST /x HTTP/2.0\r\nHost: h\r\n\r\n"),
           std::string("POST /x HTTP/1.2\r\nHost: h\r\n\r\n"),
           std::string("POST /x\r\nHost: h\r\n\r\n"),
           std::string("POST  /x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("POST /x  HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("POST /x y HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("PO ST /x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("POST\t/x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("\nPOST /x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("\r\n\r\nPOST /x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("\x16\x03\x01\x02\x00\x01\r\n\r\n"),
       }) {
    for (const std::size_t piece : {1U, 4096U}) {
      const auto result = read(head, piece);
      CAPTURE(head, piece);
      CHECK(result.step == Step::fault);
      CHECK(result.fault == ErrorCode::bad_framing);
    }
  }
}

TEST_CASE("ReadsALastChunkHoweverItArrives") {
  for (const char* end : {"0\r\n\r\n", "00\r\n\r\n", "0\r\nX: y\r\n\r\n", "1\r\n0\r\n0\r\n\r\n"}) {
    for (const std::size_t piece : {1U, 2U, 3U, 4U, 5U, 1000U}) {
      CAPTURE(end, piece);
      const auto result = read(kPost + "Transfer-Encoding: chunked\r\n\r\n" + end + "GET", piece);
      CHECK(result.step == Step::ready);
      CHECK(result.body == (end[0] == '1' ? "0" : ""));
      CHECK(result.left == "GET");
    }
  }
}

TEST_CASE("RefusesBadChunks") {
  const auto head = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  for (const char* body :
       {"x\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "2;\nxx\r\nhe\r\n0\r\n\r\n",
        "10000000000000000\r\nhello", "\r\nhello", "0;x\r\n\r\n"}) {
    CAPTURE(body);
    CHECK(read(head + body, 4096).step == Step::fault);
    CHECK(read(head + body, 1).step == Step::fault);
  }
  CHECK(read(head + std::string(20000, '0'), 4096).step == Step::fault);
}

TEST_CASE("BoundsHeadTargetAndBody") {
  const auto padded = [](std::size_t size) {
    const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
  };
  CHECK(read(padded(kHeadBytes), 4096).step == Step::ready);
  CHECK(read(padded(kHeadBytes + 1), 4096).fault == ErrorCode::header_too_large);
  CHECK(read(padded(20 * kHeadBytes), 100).fault == ErrorCode::header_too_large);
  const auto with_target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  CHECK(read(with_target(kTargetBytes), 4096).step == Step::ready);
  CHECK(read(with_target(kTargetBytes + 1), 4096).fault == ErrorCode::uri_too_long);
  CHECK(read(with_target(100 * kTargetBytes), 100).fault == ErrorCode::uri_too_long);
  std::string chunks = kPost + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) chunks += "1000\r\n" + std::string(4096, 'x') + "\r\n";
  CHECK(read(chunks, 4096).fault == ErrorCode::body_too_large);
  CHECK(read(kPost + "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n" + std::string(70000, 'x'), 16384).fault ==
        ErrorCode::body_too_large);
}

TEST_CASE("KeepsWhatTheHeadSays") {
  RequestReader reader;
  std::string buffer =
      "PUT /a?b HTTP/1.1\r\nHOST: h\r\nX-Forwarded-For: 1\r\nx-forwarded-for: 2\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\nConnection: close\r\n\r\n";
  REQUIRE(reader.read_head(buffer) == Step::ready);
  const auto& head = reader.head();
  CHECK(head.method == "PUT");
  CHECK(head.target == "/a?b");
  CHECK(head.value("host") == "h");
  CHECK(head.values("x-forwarded-for") == std::vector<std::string_view>{"1", "2"});
  CHECK(head.length == 3);
  CHECK(head.expects_continue);
  CHECK_FALSE(head.keep_alive);
}

TEST_CASE("HeadersOfAnswersHoldNoLineBreaks") {
  const auto text = serialise_head(200, {{"X-A", "b\r\nSet-Cookie: c"}, {"X-A", "d"}});
  CHECK(text == "HTTP/1.1 200 OK\r\nX-A: b??Set-Cookie: c\r\nX-A: d\r\n\r\n");
}
