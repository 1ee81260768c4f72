#include "apid/cli/event_lines.h"

#include <vector>

#include "tests/catch.hpp"

using namespace wghub::cli;

namespace {

constexpr auto kStream =
    ": the hub is here\n\nid: 7\nevent: token.created\ndata: {\"id\":7}\n\n: the hub is here\n\nid: 8\nevent: "
    "alarm\ndata: {}\n\n";

}  // namespace

TEST_CASE("EventsAreTheSameHoweverTheStreamIsCut") {
  for (std::size_t size = 1; size <= 100; ++size) {
    EventLines lines;
    std::vector<StreamEvent> events;
    const std::string_view text = kStream;
    for (std::size_t at = 0; at < text.size(); at += size)
      CHECK(lines.feed(text.substr(at, size), [&](const StreamEvent& event) { return events.push_back(event), true; }));
    REQUIRE(events.size() == 2);
    CHECK(events[0].id == "7");
    CHECK(events[0].type == "token.created");
    CHECK(events[0].data == "{\"id\":7}");
    CHECK(events[1].type == "alarm");
  }
}

TEST_CASE("ReadingEndsWhenNoMoreIsWanted") {
  EventLines lines;
  int seen = 0;
  CHECK_FALSE(lines.feed(kStream, [&](const StreamEvent&) { return ++seen, false; }));
  CHECK(seen == 1);
}

TEST_CASE("AnEventWithoutEndIsNotCollected") {
  EventLines lines;
  const auto none = [](const StreamEvent&) { return true; };
  CHECK(lines.feed(std::string(1U << 20U, 'x'), none));
  CHECK_FALSE(lines.feed("x", none));
}
