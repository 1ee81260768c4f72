#include "apid/service/status_tracker.h"

#include <memory>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;

SpokeStatus after(SpokeStatus current, std::int64_t age) { return next_status(current, kNow - age, kNow); }

struct Heard : EventSink {
  void publish(const Event& event) override {
    if (const auto* const figures = std::get_if<LiveFigures>(&event.subject)) {
      live.push_back(*figures);
    } else {
      types.push_back(event.type);
    }
  }
  void end_credential(const std::string&) override {}
  std::vector<std::string> types;
  std::vector<LiveFigures> live;
};

PeerState peer_of(int number, std::int64_t last_handshake, std::uint64_t received_bytes = 0) {
  PeerState peer;
  peer.key = store::make_key(number);
  peer.last_handshake = last_handshake;
  peer.received_bytes = received_bytes;
  return peer;
}

// A tracker whose spokes are rows of a database, the highest number registered last.
struct Tracked {
  store::Scratch scratch;
  Heard heard;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  StatusTracker tracker{stores, heard, [this] { return scratch.clock(); }};
  std::shared_ptr<const PeerTable> table;

  Tracked() { scratch.set_clock(kNow); }

  void add(int number) {
    scratch.write([&](store::Transaction& t) {
      const Token token = store::make_token(number, kNow + number);
      stores.tokens.insert(t, token);
      stores.spokes.insert(t, store::make_spoke(token, number));
      return Done{};
    });
  }
  void read() {
    table = std::make_shared<PeerTable>(scratch.read([&](store::Transaction& t) { return stores.spokes.peers(t); }));
  }
  void apply(std::vector<PeerState> peers) {
    const StatusSnapshot snapshot{true, true, std::move(peers)};
    tracker.apply(table, SeenPeers(*table, snapshot));
  }
  std::optional<SpokeView> find(int number) {
    return tracker.find(store::make_token(number).spoke_id, store::make_key(number));
  }
  std::string stored(int number) {
    return scratch.ask("SELECT status || transfer_rx FROM spoke_registrations WHERE address = '10.0.0." +
                       std::to_string(number) + "'");
  }
};

}  // namespace

TEST_CASE("A spoke is pending until its first handshake") {
  for (const auto status : {SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive})
    CHECK(next_status(status, std::nullopt, kNow) == SpokeStatus::pending);
}

TEST_CASE("A handshake of three minutes is active and one of more than five is not") {
  for (const auto status : {SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive}) {
    CHECK(after(status, 0) == SpokeStatus::active);
    CHECK(after(status, 180) == SpokeStatus::active);
    CHECK(after(status, 301) == SpokeStatus::inactive);
  }
}

TEST_CASE("Between three and five minutes a spoke keeps what it was") {
  for (const int age : {181, 240, 300}) {
    CHECK(after(SpokeStatus::active, age) == SpokeStatus::active);
    CHECK(after(SpokeStatus::inactive, age) == SpokeStatus::inactive);
  }
}

TEST_CASE("A handshake in the future, before a clock was set back, says nothing about now") {
  CHECK(after(SpokeStatus::inactive, -300) == SpokeStatus::active);
  CHECK(after(SpokeStatus::active, -301) == SpokeStatus::inactive);
}

TEST_CASE_METHOD(Tracked,
                 "A first handshake makes a spoke active, in memory, in the database and for those who listen") {
  add(1);
  add(2);
  read();
  CHECK_FALSE(find(1));
  apply({peer_of(1, 0), peer_of(2, kNow, 7)});
  REQUIRE(find(2));
  CHECK(find(2)->values.status == SpokeStatus::active);
  CHECK(find(2)->peer->received_bytes == 7);
  CHECK(find(1)->values.status == SpokeStatus::pending);
  CHECK(stored(2) == "active7");
  CHECK(stored(1) == "pending0");
  CHECK(heard.types == std::vector<std::string>{"spoke.status"});
  CHECK_FALSE(tracker.find(store::make_token(1).spoke_id, store::make_key(2)));
}

TEST_CASE_METHOD(Tracked, "What is known of a spoke stays when others come and go, and when its peer is missing") {
  add(1);
  read();
  apply({peer_of(1, kNow, 6)});
  apply({peer_of(1, kNow, 7)});  // in memory only
  add(2);
  read();
  apply({peer_of(2, 0)});
  CHECK(find(1)->values.status == SpokeStatus::active);
  CHECK_FALSE(find(1)->peer);
  CHECK(find(1)->values.transfer_rx == 7);
  CHECK(find(2)->peer);
}

TEST_CASE_METHOD(Tracked, "A tracker that starts goes on from what is stored") {
  add(1);
  scratch.write([&](store::Transaction& t) {
    stores.spokes.save_live(t, {{store::make_token(1).spoke_id, {SpokeStatus::active, kNow - 200, 5, 6}}});
    return Done{};
  });
  read();
  apply({});
  CHECK(find(1)->values.status == SpokeStatus::active);
  CHECK(find(1)->values.transfer_tx == 6);
  CHECK(heard.types.empty());
}

TEST_CASE_METHOD(Tracked, "Counters go to the database once a minute, and at the end") {
  add(1);
  read();
  apply({peer_of(1, kNow, 1)});
  scratch.set_clock(kNow + 59);
  apply({peer_of(1, kNow, 2)});
  CHECK(stored(1) == "active1");
  scratch.set_clock(kNow + 60);
  apply({peer_of(1, kNow, 3)});
  CHECK(stored(1) == "active3");
  apply({peer_of(1, kNow, 4)});
  CHECK(stored(1) == "active3");
  tracker.flush();
  CHECK(stored(1) == "active4");
}

TEST_CASE_METHOD(Tracked, "What could not be stored is stored the next time") {
  add(1);
  read();
  scratch.write([&](store::Transaction& t) {
    t.query("CREATE TRIGGER full BEFORE UPDATE ON spoke_registrations BEGIN SELECT RAISE(ABORT, 'full'); END")
        .execute();
    return Done{};
  });
  apply({peer_of(1, kNow, 1)});
  CHECK(find(1)->values.status == SpokeStatus::active);
  CHECK(stored(1) == "pending0");
  scratch.write([&](store::Transaction& t) {
    t.query("DROP TRIGGER full").execute();
    return Done{};
  });
  apply({peer_of(1, kNow, 1)});
  CHECK(stored(1) == "active1");
}

TEST_CASE_METHOD(Tracked,
                 "Peers are paged newest registration first and strangers last, whatever changes between pages") {
  for (int i = 1; i <= 5; ++i) add(i);
  read();
  // As an interface that has no order would say them.
  apply({peer_of(3, 0), peer_of(90, 0), peer_of(1, 0), peer_of(5, 0), peer_of(91, 0), peer_of(2, 0)});
  const auto keys = [&](std::optional<PublicKey> last, std::size_t place) {
    std::vector<PublicKey> found;
    for (const auto& peer : tracker.peers(last, place, 100).peers) found.push_back(peer.key);
    return found;
  };
  const auto all = keys({}, 0);
  REQUIRE(all.size() == 6);
  for (int i = 0; i < 4; ++i) CHECK(all[std::size_t(i)] == store::make_key(std::array{5, 3, 2, 1}[std::size_t(i)]));
  const auto page = tracker.peers({}, 0, 2);
  CHECK(page.total == 6);
  CHECK(page.next == 2);
  CHECK(keys(store::make_key(3), 2) == std::vector(all.begin() + 2, all.end()));
  CHECK(keys(all[4], 99) == std::vector(all.begin() + 5, all.end()));             // behind a stranger
  CHECK(keys(store::make_key(4), 3) == std::vector(all.begin() + 3, all.end()));  // one without a peer: by its place
  add(6);
  read();
  apply({peer_of(6, 0), peer_of(3, 0), peer_of(2, 0), peer_of(1, 0), peer_of(5, 0)});
  CHECK(keys(store::make_key(3), 2) == std::vector{store::make_key(2), store::make_key(1)});
}

TEST_CASE_METHOD(Tracked, "Bytes and handshakes are summed up over every spoke, whatever becomes of it") {
  add(1);
  add(2);
  read();
  apply({peer_of(1, kNow, 100), peer_of(2, 0, 5)});
  apply({peer_of(1, kNow + 120, 150), peer_of(2, kNow, 6)});
  apply({peer_of(1, kNow + 240, 10)});   // made anew: it counts from zero
  apply({peer_of(1, kNow + 1000, 10)});  // was away: no interval
  const auto figures = tracker.figures(10);
  CHECK(figures.totals.received_bytes == 100 + 50 + 10 + 6);
  CHECK(figures.totals.sent_bytes == 0);
  CHECK(figures.totals.intervals == 2);
  CHECK(figures.totals.interval_seconds == 240);
  CHECK(figures.interface_up);
  CHECK(figures.taken_at == kNow);
  CHECK(figures.peers == 1);
}

TEST_CASE_METHOD(Tracked, "A start counts nothing that was counted before") {
  add(1);
  scratch.write([&](store::Transaction& t) {
    stores.spokes.save_live(t, {{store::make_token(1).spoke_id, {SpokeStatus::active, kNow - 60, 500, 0}}});
    return Done{};
  });
  read();
  apply({peer_of(1, kNow, 510)});
  CHECK(tracker.figures(1).totals.received_bytes == 10);
  CHECK(tracker.figures(1).totals.interval_seconds == 60);
}

TEST_CASE_METHOD(Tracked, "Only so many spokes are named, those that registered last") {
  for (int i = 1; i <= 5; ++i) add(i);
  read();
  apply({peer_of(5, kNow, 7)});
  const auto figures = tracker.figures(2);
  CHECK(figures.spoke_count == 5);
  REQUIRE(figures.spokes.size() == 2);
  CHECK(figures.spokes[0].first == store::make_token(5).spoke_id);
  CHECK(figures.spokes[0].second.transfer_rx == 7);
  CHECK(figures.spokes[1].first == store::make_token(4).spoke_id);
  CHECK(tracker.figures(0).spokes.empty());
}

TEST_CASE_METHOD(Tracked,
                 "Handshakes that go on are told every ten seconds, those of a transition are not told twice") {
  add(1);
  add(2);
  read();
  apply({peer_of(1, kNow, 10), peer_of(2, 0)});
  REQUIRE(heard.live.size() == 1);
  CHECK(heard.live[0].spokes.empty());
  CHECK(heard.live[0].received_bytes == 10);
  scratch.set_clock(kNow + 5);
  apply({peer_of(1, kNow + 4, 20), peer_of(2, 0)});
  CHECK(heard.live.size() == 1);
  scratch.set_clock(kNow + 10);
  apply({peer_of(1, kNow + 4, 30), peer_of(2, 0)});
  REQUIRE(heard.live.size() == 2);
  REQUIRE(heard.live[1].spokes.size() == 1);
  CHECK(heard.live[1].spokes[0].spoke_id == store::make_token(1).spoke_id);
  CHECK(heard.live[1].spokes[0].values.last_handshake == kNow + 4);
  CHECK(heard.live[1].spokes[0].values.transfer_rx == 30);
  scratch.set_clock(kNow + 20);
  apply({peer_of(1, kNow + 4, 30), peer_of(2, 0)});
  REQUIRE(heard.live.size() == 3);
  CHECK(heard.live[2].spokes.empty());
}
