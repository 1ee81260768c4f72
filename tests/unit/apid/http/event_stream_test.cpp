#include "apid/http/event_stream.h"

#include <atomic>
#include <thread>
#include <vector>

#include "apid/http/message.h"
#include "tests/catch.hpp"

using namespace wghub::http;

namespace {

struct Reader {
  std::vector<std::string> frames;
  bool ended = false;
  EventBroadcaster::Receiver receiver() {
    return [this](const std::string& frame, bool last) {
      frames.push_back(frame);
      ended = ended || last;
    };
  }
};

}  // namespace

TEST_CASE("AnEventReachesEveryListenerOnce") {
  EventBroadcaster events(100);
  Reader first;
  Reader second;
  const auto a = events.subscribe({"a", std::nullopt, false}, first.receiver());
  auto b = events.subscribe({"b", std::nullopt, false}, second.receiver());
  events.publish("spoke.status", "2026-01-01T00:00:00Z", R"("spoke":{"id":"x"})");
  REQUIRE(first.frames.size() == 1);
  CHECK(first.frames[0] ==
        "id: 100\nevent: spoke.status\n"
        "data: {\"type\":\"spoke.status\",\"at\":\"2026-01-01T00:00:00Z\",\"id\":100,\"spoke\":{\"id\":\"x\"}}\n\n");
  CHECK(events.streams() == 2);
  b.reset();
  CHECK(events.streams() == 1);
  events.publish("reconcile", "2026-01-01T00:00:01Z", "");
  CHECK(first.frames.size() == 2);
  CHECK(second.frames.size() == 1);
}

TEST_CASE("LiveFramesGoToThoseWhoAskedForThemAndAreNotKept") {
  EventBroadcaster events(100);
  Reader watching;
  Reader plain;
  const auto a = events.subscribe({"a", std::nullopt, true}, watching.receiver());
  const auto b = events.subscribe({"b", std::nullopt, false}, plain.receiver());
  events.publish("tick", "t", "");
  events.publish_live("spoke.live", "t", R"("spokes":[])");
  events.publish("tick", "t", "");
  REQUIRE(watching.frames.size() == 3);
  CHECK(watching.frames[1] == "event: spoke.live\ndata: {\"type\":\"spoke.live\",\"at\":\"t\",\"spokes\":[]}\n\n");
  CHECK(plain.frames.size() == 2);
  Reader back;
  const auto c = events.subscribe({"c", 100, true}, back.receiver());
  REQUIRE(back.frames.size() == 1);
  CHECK(back.frames[0].starts_with("id: 101\n"));
}

TEST_CASE("AReconnectGetsWhatItMissed") {
  EventBroadcaster events(100);
  for (int i = 0; i < 5; ++i) events.publish("tick", "t", "");
  Reader reader;
  const auto held = events.subscribe({"a", 102, false}, reader.receiver());
  REQUIRE(reader.frames.size() == 2);
  CHECK(reader.frames[0].starts_with("id: 103\n"));
  CHECK(reader.frames[1].starts_with("id: 104\n"));
  Reader nothing_missed;
  const auto other = events.subscribe({"b", 104, false}, nothing_missed.receiver());
  CHECK(nothing_missed.frames.empty());
}

TEST_CASE("AnUnknownLastIdResynchronises") {
  EventBroadcaster events(100);
  for (std::size_t i = 0; i < kEventRing + 10; ++i) events.publish("tick", "t", "");
  for (const std::uint64_t last :
       {std::uint64_t{0}, std::uint64_t{108}, std::uint64_t{100 + kEventRing + 10}, ~std::uint64_t{0}}) {
    Reader reader;
    const auto held = events.subscribe({"a", last, false}, reader.receiver());
    REQUIRE(reader.frames.size() == 1);
    CHECK(reader.frames[0].find("event: resync\n") != std::string::npos);
  }
  Reader edge;
  const auto held = events.subscribe({"a", 109, false}, edge.receiver());
  CHECK(edge.frames.size() == kEventRing);
}

TEST_CASE("ACredentialHasTwoStreamsAndAllTogetherTwoHundred") {
  EventBroadcaster events(1);
  Reader reader;
  std::vector<std::unique_ptr<EventBroadcaster::Subscription>> held;
  for (std::size_t i = 0; i < kStreams; ++i)
    held.push_back(
        events.subscribe({std::to_string(i / kStreamsPerCredential), std::nullopt, false}, reader.receiver()));
  CHECK(held.back());
  CHECK_FALSE(events.subscribe({"new", std::nullopt, false}, reader.receiver()));
  held.pop_back();
  held.pop_back();
  CHECK_FALSE(events.subscribe({"0", std::nullopt, false}, reader.receiver()));
  CHECK(events.subscribe({"new", std::nullopt, false}, reader.receiver()));
}

TEST_CASE("TheEndOfASessionEndsItsStreams") {
  EventBroadcaster events(1);
  Reader mine;
  Reader other;
  const auto a = events.subscribe({"a", std::nullopt, false}, mine.receiver());
  const auto b = events.subscribe({"b", std::nullopt, false}, other.receiver());
  events.end("a");
  events.end("a");
  events.publish("tick", "t", "");
  REQUIRE(mine.frames.size() == 1);
  CHECK(mine.frames[0].find("event: session-ended\n") != std::string::npos);
  CHECK(mine.ended);
  CHECK_FALSE(other.ended);
  CHECK(other.frames.size() == 1);
}

TEST_CASE("ACredentialThatEndedWhileItsRequestWasUnderWayGetsNoStream") {
  EventBroadcaster events(1);
  Reader reader;
  events.end("a");
  CHECK_FALSE(events.subscribe({"a", std::nullopt, false}, reader.receiver()));
  CHECK(events.subscribe({"b", std::nullopt, false}, reader.receiver()));
}

TEST_CASE("ListenersMayComeAndGoWhileEventsAreSent") {
  EventBroadcaster events(1);
  std::atomic<std::size_t> received{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        const auto held =
            events.subscribe({std::to_string(i), 1, false}, [&](const std::string&, bool) { ++received; });
        events.publish("tick", "t", "");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(received >= 800);
}
