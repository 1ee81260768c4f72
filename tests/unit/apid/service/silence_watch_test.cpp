#include "apid/service/silence_watch.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;

PeerRow row_of(int number, SpokeStatus status = SpokeStatus::pending, std::int64_t keepalive = 25) {
  PeerRow row;
  row.spoke_id = "spoke-" + std::to_string(number);
  row.name = "laptop-" + std::to_string(number);
  row.key = store::make_key(number);
  row.keepalive = keepalive;
  row.stored.status = status;
  return row;
}

// An interface and what the database wants on it, looked at every five seconds.
struct Looks {
  explicit Looks(std::map<std::string, std::int64_t> silent = {}) : watch(std::move(silent)) {}

  void want(std::vector<PeerRow> rows) { table = std::make_shared<PeerTable>(std::move(rows)); }
  void send(int number, std::uint64_t bytes) { received[number] += bytes; }

  /// What was told in so many seconds, as "+laptop-1" and "-laptop-1".
  std::string pass(std::int64_t seconds) {
    std::string told;
    for (const std::int64_t end = steady + seconds; steady < end; steady += 5) {
      StatusSnapshot snapshot{true, true, {}};
      for (const auto& [number, bytes] : received) {
        PeerState peer;
        peer.key = store::make_key(number);
        peer.received_bytes = bytes;
        peer.last_handshake = handshake;
        snapshot.peers.push_back(peer);
      }
      for (const auto& change : watch.look(table, SeenPeers(*table, snapshot), kNow + steady, steady)) {
        told += change.gone ? "!" + change.spoke_id : (change.silent ? "-" : "+") + change.name;
        seconds_told = change.seconds;
      }
    }
    return told;
  }
  /// The same while the spoke sends its keepalives.
  std::string pass_sending(int number, std::int64_t seconds) {
    std::string told;
    for (std::int64_t passed = 0; passed < seconds; passed += 25) {
      send(number, 32);
      told += pass(25);
    }
    return told;
  }

  SilenceWatch watch;
  std::shared_ptr<const PeerTable> table = std::make_shared<PeerTable>(std::vector<PeerRow>());
  std::map<int, std::uint64_t> received;
  std::int64_t steady = 1000;
  std::int64_t seconds_told = 0;
  std::int64_t handshake = 0;
};

}  // namespace

TEST_CASE("A spoke whose keepalives stay away is told once within 85 seconds, and again when it is heard") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  CHECK(looks.pass(5).empty());
  CHECK(looks.pass_sending(1, 300).empty());
  CHECK(looks.pass(40).empty());  // 65 since it was heard last
  CHECK(looks.pass(20) == "-laptop-1");
  CHECK(looks.seconds_told >= 65);
  CHECK(looks.pass(3600).empty());
  looks.send(1, 148);
  CHECK(looks.pass(5) == "+laptop-1");
  CHECK(looks.seconds_told > 3600);
  CHECK(looks.pass_sending(1, 100).empty());
}

TEST_CASE("A single lost keepalive is no silence") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  looks.pass(5);
  for (int round = 0; round < 10; ++round) {
    looks.send(1, 32);
    CHECK(looks.pass(50).empty());
  }
}

TEST_CASE("A spoke that was never heard is not told to be silent") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  CHECK(looks.pass(3600).empty());
}

TEST_CASE("A spoke that connected before it was looked at first is watched from then on") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 180;
  looks.handshake = kNow + looks.steady - 3;
  CHECK(looks.pass(65).empty());
  CHECK(looks.pass(10) == "-laptop-1");
}

TEST_CASE("A spoke that fell silent while the daemon was away is told after its start") {
  Looks looks;
  looks.want({row_of(1, SpokeStatus::active), row_of(2, SpokeStatus::inactive)});
  looks.received = {{1, 5000}, {2, 5000}};
  CHECK(looks.pass(60).empty());
  CHECK(looks.pass(20) == "-laptop-1");
}

TEST_CASE("What was told before a restart is not told again, but its return is") {
  Looks looks({{"spoke-1", kNow + 400}});
  looks.want({row_of(1, SpokeStatus::active)});
  looks.received[1] = 5000;
  CHECK(looks.pass(300).empty());
  looks.send(1, 148);
  CHECK(looks.pass(5) == "+laptop-1");
  CHECK(looks.seconds_told == 1000 + 300 - 400);
}

TEST_CASE("An interface that was made anew counts from zero, and nobody was silent for that") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  looks.pass(5);
  looks.pass_sending(1, 100);
  looks.received[1] = 0;
  CHECK(looks.pass(60).empty());
  CHECK(looks.pass_sending(1, 100).empty());
}

TEST_CASE("While a peer is not on the interface, or nobody looks, nothing is said of its spoke") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  looks.pass(5);
  looks.pass_sending(1, 100);
  const auto bytes = looks.received[1];
  looks.received.clear();
  CHECK(looks.pass(600).empty());
  looks.received[1] = bytes;
  CHECK(looks.pass(60).empty());
  looks.steady += 600;
  CHECK(looks.pass(60).empty());
  CHECK(looks.pass(10) == "-laptop-1");
}

TEST_CASE("A spoke that sends no keepalives is silent when its status would be inactive") {
  Looks looks;
  looks.want({row_of(1, SpokeStatus::pending, 0)});
  looks.received[1] = 0;
  looks.pass(5);
  looks.send(1, 1000);
  CHECK(looks.pass(300).empty());
  CHECK(looks.pass(10) == "-laptop-1");
}

TEST_CASE("A silent spoke that is removed is forgotten; with a new key it is still silent until it is heard") {
  Looks looks({{"spoke-1", kNow}, {"spoke-2", kNow}, {"spoke-3", kNow}});
  looks.want({row_of(1), row_of(2), row_of(3)});
  looks.received = {{1, 9}, {2, 9}, {3, 9}};
  CHECK(looks.pass(10).empty());
  auto removing = row_of(1);
  removing.removing = true;
  auto renewed = row_of(3);
  renewed.key = store::make_key(30);
  looks.want({removing, renewed});
  looks.received = {{1, 9}, {30, 0}};
  const auto told = looks.pass(10);
  CHECK(told.find("!spoke-1") != std::string::npos);
  CHECK(told.find("!spoke-2") != std::string::npos);
  CHECK(told.size() == 2 * std::string("!spoke-1").size());
  looks.send(30, 148);
  CHECK(looks.pass(5) == "+laptop-3");
}

TEST_CASE("A change that could not be recorded comes with the next look") {
  Looks looks;
  looks.want({row_of(1)});
  looks.received[1] = 0;
  looks.pass(5);
  looks.pass_sending(1, 25);
  CHECK(looks.pass(50) == "-laptop-1");
  looks.watch.forget({"spoke-1", "laptop-1", true, looks.seconds_told}, kNow + looks.steady);
  CHECK(looks.pass(5) == "-laptop-1");
  looks.send(1, 148);
  CHECK(looks.pass(5) == "+laptop-1");
  looks.watch.forget({"spoke-1", "laptop-1", false, 70}, kNow + looks.steady);
  looks.send(1, 32);
  CHECK(looks.pass(5) == "+laptop-1");
}
