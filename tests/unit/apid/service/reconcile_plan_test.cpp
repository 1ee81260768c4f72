#include "apid/service/reconcile_plan.h"

#include <memory>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

PublicKey key(int number) {
  PublicKey result;
  result.bytes[0] = static_cast<std::uint8_t>(number);
  return result;
}

Address address(int number) { return *parse_address("10.0.0." + std::to_string(number)); }

// The result of one call, with what its rows are in.
struct Planned : ReconcilePlan {
  std::unique_ptr<PeerTable> table;
};

Planned plan_for(const StatusSnapshot& snapshot, std::vector<PeerRow> rows, const std::set<PublicKey>& suspects) {
  auto table = std::make_unique<PeerTable>(std::move(rows));
  ReconcilePlan plan = plan_reconcile(SeenPeers(*table, snapshot), suspects);
  return {std::move(plan), std::move(table)};
}

PeerRow row(int number) {
  PeerRow result;
  result.spoke_id = std::to_string(number);
  result.key = key(number);
  result.address = address(number);
  return result;
}

PeerState peer(int number) {
  PeerState result;
  result.key = key(number);
  result.ipv4 = address(number);
  return result;
}

StatusSnapshot snapshot(std::vector<PeerState> peers, bool complete = true) {
  return {true, complete, std::move(peers)};
}

PeerRow removing(PeerRow row) {
  row.removing = true;
  return row;
}

PeerRow replacing(PeerRow row, int old) {
  row.replaces = key(old);
  return row;
}

}  // namespace

TEST_CASE("Nothing is done when the interface has what it should have") {
  const auto plan = plan_for(snapshot({peer(2), peer(3)}), {row(2), row(3)}, {});
  CHECK_FALSE(plan.changes_interface());
  CHECK(plan.suspects.empty());
  CHECK(plan.finish.empty());
}

TEST_CASE("A missing peer is added, also when the snapshot may lack some") {
  for (const bool complete : {true, false}) {
    const auto plan = plan_for(snapshot({peer(2)}, complete), {row(2), row(3)}, {});
    REQUIRE(plan.add.size() == 1);
    CHECK(plan.add[0]->key == key(3));
  }
}

TEST_CASE("A wrong or further address is corrected") {
  auto moved = peer(2);
  moved.ipv4 = address(9);
  auto wider = peer(3);
  wider.other_addresses = true;
  auto bare = peer(4);
  bare.ipv4 = {};
  CHECK(plan_for(snapshot({moved, wider, bare}), {row(2), row(3), row(4)}, {}).correct.size() == 3);
}

TEST_CASE("A stranger is removed when two complete snapshots running have it") {
  const auto first = plan_for(snapshot({peer(2), peer(7)}), {row(2)}, {});
  CHECK(first.remove_foreign.empty());
  CHECK(first.suspects == std::set<PublicKey>{key(7)});
  const auto second = plan_for(snapshot({peer(2), peer(7), peer(8)}), {row(2)}, first.suspects);
  CHECK(second.remove_foreign == std::vector<PublicKey>{key(7)});
  CHECK(second.suspects == std::set<PublicKey>{key(7), key(8)});
  CHECK(plan_for(snapshot({peer(2)}), {row(2)}, first.suspects).suspects.empty());
}

TEST_CASE("An incomplete snapshot removes nothing, finishes nothing and suspects nobody") {
  const auto plan = plan_for(snapshot({peer(2), peer(7)}, false), {removing(row(2)), removing(row(3))}, {key(7)});
  CHECK(plan.remove_foreign.empty());
  CHECK(plan.remove.empty());
  CHECK(plan.finish.empty());
  CHECK(plan.suspects.empty());
}

TEST_CASE("A row that is being removed takes its peer with it, or is finished") {
  const auto plan = plan_for(snapshot({peer(2)}), {removing(row(2)), removing(row(3))}, {});
  REQUIRE(plan.remove.size() == 1);
  CHECK(plan.remove[0]->key == key(2));
  REQUIRE(plan.finish.size() == 1);
  CHECK(plan.finish[0]->key == key(3));
  CHECK(plan.suspects.empty());
}

TEST_CASE("The key before a reissue is no stranger until the new one is on") {
  const auto waiting = plan_for(snapshot({peer(5)}), {replacing(row(6), 5)}, {key(5)});
  CHECK(waiting.remove_foreign.empty());
  REQUIRE(waiting.add.size() == 1);
  CHECK(wanted_peer(*waiting.add[0]).replaces == key(5));
  auto on = peer(6);
  const auto done = plan_for(snapshot({on}), {replacing(row(6), 5)}, {});
  CHECK(done.replaced.size() == 1);
  CHECK_FALSE(done.changes_interface());
  const auto removed = plan_for(snapshot({peer(5)}), {removing(replacing(row(6), 5))}, {key(5)});
  CHECK(removed.remove.size() == 1);
  CHECK(removed.finish.empty());
}

TEST_CASE("The key before a reissue is taken off once the new one is on, and kept when another spoke has it") {
  const auto both = plan_for(snapshot({peer(5), peer(6)}), {replacing(row(6), 5)}, {key(5)});
  CHECK(both.remove_foreign == std::vector<PublicKey>{key(5)});
  const auto taken = plan_for(snapshot({peer(5), peer(6)}), {replacing(row(6), 5), row(5)}, {key(5)});
  CHECK(taken.remove_foreign.empty());
  CHECK(taken.suspects.empty());
  const auto removed = plan_for(snapshot({peer(5)}), {removing(replacing(row(6), 5)), row(5)}, {});
  CHECK(removed.remove.size() == 1);
}
