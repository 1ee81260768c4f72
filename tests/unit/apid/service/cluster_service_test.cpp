#include "apid/service/cluster_service.h"

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
const std::string kShare = WGHUB_SOURCE "/share";

struct Deaf : EventSink {
  void publish(const Event& /*event*/) override {}
  void end_credential(const std::string& /*id*/) override {}
};

// A cluster of three nodes, whose handshakes the test decides.
struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  Deaf deaf;
  AuditTrail audit{stores, [this] { return scratch.clock(); }};
  ScriptRenderer scripts{kShare};
  StatusTracker tracker{stores, deaf, [this] { return scratch.clock(); }};
  TokenService tokens{stores, audit, deaf, scripts, [](std::span<std::uint8_t> /*bytes*/) {}, {}};
  ClusterService clusters{stores, audit, deaf, tokens, tracker};
  std::string id = store::make_id(1);

  Rig() {
    scratch.set_clock(kNow);
    scratch.write([&](store::Transaction& t) {
      stores.clusters.insert(t, id, "prod");
      for (int number = 1; number <= 3; ++number) {
        const Token token = store::make_token(number);
        stores.tokens.insert(t, token);
        Spoke spoke = store::make_spoke(token, number);
        spoke.is_proxmox = true;
        spoke.proxmox_cluster_id = id;
        spoke.proxmox_node_name = "pve" + std::to_string(number);
        stores.spokes.insert(t, spoke);
      }
      return Done{};
    });
  }
  /// Takes a look at the interface: age of each node's last handshake in seconds, -1 for never.
  void look(const std::vector<int>& ages) {
    const auto table =
        std::make_shared<PeerTable>(scratch.read([&](store::Transaction& t) { return stores.spokes.peers(t); }));
    StatusSnapshot snapshot{true, true, {}};
    for (std::size_t i = 0; i < ages.size(); ++i) {
      PeerState peer;
      peer.key = store::make_key(int(i) + 1);
      peer.last_handshake = ages[i] < 0 ? 0 : scratch.clock() - ages[i];
      snapshot.peers.push_back(peer);
    }
    tracker.apply(table, SeenPeers(*table, snapshot));
  }
  /// The cluster's status in list and details, which are one, with the nodes'.
  std::string shown() {
    const auto listed = clusters.list({})->clusters.at(0);
    const auto details = *clusters.details(id);
    CHECK(status_of(listed.nodes) == status_of(details.cluster.nodes));
    CHECK(listed.nodes.active == details.cluster.nodes.active);
    std::string text(status_of(listed.nodes));
    for (const auto& node : details.nodes) text += std::string(" ") + std::string(to_text(node.status));
    return text;
  }
};

}  // namespace

TEST_CASE("A cluster's status says how many of its nodes are connected") {
  const auto status = [](int active, int inactive, int pending) { return status_of({active, inactive, pending}); };
  CHECK(status(0, 0, 0) == "empty");
  CHECK(status(0, 0, 3) == "pending");
  CHECK(status(3, 0, 0) == "all-active");
  CHECK(status(2, 1, 0) == "degraded");
  CHECK(status(2, 2, 0) == "degraded");  // half is not more than half
  CHECK(status(1, 2, 0) == "critical");
  CHECK(status(0, 1, 0) == "critical");
  CHECK(status(2, 0, 1) == "degraded");  // one was never there
  CHECK(status(0, 1, 2) == "degraded");
  CHECK(status(0, 2, 1) == "critical");
}

TEST_CASE("Nodes stop and come back, and their cluster follows") {
  Rig rig;
  rig.look({-1, -1, -1});
  CHECK(rig.shown() == "pending pending pending pending");
  rig.look({5, -1, -1});
  CHECK(rig.shown() == "degraded active pending pending");
  rig.look({5, 5, 5});
  CHECK(rig.shown() == "all-active active active active");
  rig.look({5, 5, 200});
  CHECK(rig.shown() == "all-active active active active");
  rig.look({5, 5, 301});
  CHECK(rig.shown() == "degraded active active inactive");
  rig.look({5, 400, 400});
  CHECK(rig.shown() == "critical active inactive inactive");
  rig.look({400, 400, 400});
  CHECK(rig.shown() == "critical inactive inactive inactive");
  rig.look({1, 1, 1});
  CHECK(rig.shown() == "all-active active active active");
}

TEST_CASE("Details show the live values of a node, and which nodes are one") {
  Rig rig;
  rig.look({50, -1, -1});
  rig.look({7, -1, -1});  // not stored within a minute of the other
  const auto details = *rig.clusters.details(rig.id);
  CHECK(details.nodes.at(0).last_handshake == kNow - 7);
  CHECK_FALSE(details.nodes.at(1).last_handshake);
  CHECK_FALSE(details.nodes.at(0).node_conflict);
  rig.scratch.write([&](store::Transaction& t) {
    t.query("UPDATE spoke_registrations SET proxmox_node_name = 'pve2' WHERE address = '10.0.0.3'").execute();
    return Done{};
  });
  const auto doubled = *rig.clusters.details(rig.id);
  CHECK_FALSE(doubled.nodes.at(0).node_conflict);
  CHECK(doubled.nodes.at(1).node_conflict);
  CHECK(doubled.nodes.at(2).node_conflict);
}
