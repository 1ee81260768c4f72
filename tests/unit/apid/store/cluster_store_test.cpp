#include "apid/store/cluster_store.h"

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include "apid/store/sqlite.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  TokenStore tokens;
  SpokeStore spokes;
  ClusterStore clusters;
  int last = 0;

  void change(const std::function<void(Transaction&)>& work) {
    scratch.write([&](Transaction& t) {
      work(t);
      return Done{};
    });
  }
  /// A node of that cluster, or with "" a host of its own.
  Spoke insert(Transaction& t, const std::string& cluster, const std::string& node, SpokeStatus status, bool proxmox) {
    const Token token = make_token(++last);
    tokens.insert(t, token);
    Spoke spoke = make_spoke(token, last);
    spoke.is_proxmox = proxmox;
    spoke.status = status;
    if (!cluster.empty()) spoke.proxmox_cluster_id = cluster;
    spoke.proxmox_node_name = node;
    spokes.insert(t, spoke);
    return spoke;
  }
  Spoke add(const std::string& cluster, const std::string& node, SpokeStatus status = SpokeStatus::pending) {
    return scratch.write([&](Transaction& t) { return insert(t, cluster, node, status, true); });
  }
  Cluster find(const std::string& id) {
    return scratch.read([&](Transaction& t) { return clusters.find(t, id); }).value();
  }
};

int count_step(void* steps) {
  ++*static_cast<std::int64_t*>(steps);
  return 0;
}

// What SQLite executes for one page of ten clusters with the totals, in instructions of its virtual machine.
std::int64_t steps_of_a_page(const Fixture& fixture) {
  const auto connection = open_sqlite(fixture.scratch.path(), Access::read, std::chrono::seconds(1));
  auto* const backend = static_cast<soci::sqlite3_session_backend*>(connection->session().get_backend());
  std::int64_t steps = 0;
  sqlite_api::sqlite3_progress_handler(backend->conn_, 1, count_step, &steps);
  Transaction t(*connection, fixture.scratch.clock());
  CHECK(fixture.clusters.list(t, {10, {}}).items.size() == 10);
  fixture.clusters.totals(t);
  return steps;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "AClusterCountsItsNodesByStatus") {
  const auto id = make_id(1);
  change([&](Transaction& t) {
    clusters.insert(t, id, "prod");
    clusters.insert(t, make_id(2), "prod");
  });
  add(id, "a", SpokeStatus::active);
  add(id, "b", SpokeStatus::inactive);
  add(id, "c", SpokeStatus::inactive);
  const Spoke leaving = add(id, "d");
  add("", "alone", SpokeStatus::active);
  change([&](Transaction& t) { insert(t, "", "laptop", SpokeStatus::active, false); });
  CHECK(find(id).nodes.pending == 1);
  change([&](Transaction& t) { spokes.mark_removing(t, leaving.id); });
  CHECK(find(id).nodes.active == 1);
  CHECK(find(id).nodes.inactive == 2);
  CHECK(find(id).nodes.pending == 0);
  CHECK(find(make_id(2)).nodes.total() == 0);
  const auto totals = scratch.read([&](Transaction& t) { return clusters.totals(t); });
  CHECK(totals.clusters == 2);
  CHECK(totals.nodes == 4);
  CHECK(totals.standalone == 1);
  const auto nodes = scratch.read([&](Transaction& t) { return spokes.nodes(t, id, 2); });
  REQUIRE(nodes.size() == 2);
  CHECK(nodes[1].proxmox_node_name == "b");
}

TEST_CASE_METHOD(Fixture, "AClusterGoesWithWhatItKnowsWhenNoLiveSpokeIsInIt") {
  const auto id = make_id(1);
  change([&](Transaction& t) {
    clusters.insert(t, id, "prod");
    Cluster cluster;
    cluster.id = id;
    cluster.name = "prod";
    clusters.tell_node(t, cluster, {"a", true});
    clusters.tell_node(t, cluster, {"b", false});
  });
  const Spoke spoke = add(id, "a");
  const auto is_live = [&] { return scratch.read([&](Transaction& t) { return clusters.has_live_spokes(t, id); }); };
  CHECK(is_live());
  change([&](Transaction& t) { spokes.mark_removing(t, spoke.id); });
  CHECK(is_live());
  change([&](Transaction& t) { spokes.mark_removed(t, spoke.id); });
  CHECK_FALSE(is_live());
  change([&](Transaction& t) { clusters.erase(t, id); });
  CHECK(scratch.ask("SELECT COUNT(*) FROM proxmox_clusters") == "0");
  CHECK(scratch.ask("SELECT COUNT(*) FROM proxmox_cluster_nodes") == "0");
  CHECK(scratch.ask("SELECT COUNT(*) FROM spoke_registrations WHERE proxmox_cluster_id IS NULL") == "1");
}

TEST_CASE_METHOD(Fixture, "AKnownNodeShowsItsSpokeAndItsOpenToken") {
  const auto id = make_id(1);
  Token token = make_token(500);
  change([&](Transaction& t) {
    clusters.insert(t, id, "prod");
    Cluster cluster;
    cluster.id = id;
    cluster.name = "prod";
    for (const char* name : {"a", "b"}) clusters.tell_node(t, cluster, {name, std::nullopt});
    tokens.insert(t, token);
    clusters.set_token(t, id, "b", token.spoke_id);
  });
  add(id, "a");
  const auto known = [&] { return scratch.read([&](Transaction& t) { return clusters.known_nodes(t, id, 9); }); };
  CHECK(known().at(0).has_spoke);
  CHECK_FALSE(known().at(0).open_token_id);
  CHECK_FALSE(known().at(1).has_spoke);
  CHECK(known().at(1).open_token_id == token.id);
  CHECK_FALSE(known().at(1).online);
  change([&](Transaction& t) { tokens.claim(t, token.id, "192.0.2.1", "curl"); });
  CHECK(known().at(1).open_token_id == token.id);
  scratch.set_clock(token.expires_at);
  CHECK_FALSE(known().at(1).open_token_id);
}

TEST_CASE_METHOD(Fixture, "APageOfClustersCostsWhatItsNodesCostWhateverElseThereIs") {
  int last_cluster = 100'000;
  const auto fill = [&](int spokes_of_others, int more_clusters) {
    change([&](Transaction& t) {
      for (int i = 0; i < spokes_of_others; ++i) insert(t, "", "x", SpokeStatus::active, false);
      for (int i = 0; i < more_clusters; ++i) {
        const std::string id = make_id(++last_cluster);
        clusters.insert(t, id, fmt::format("c{}", last_cluster));
        for (int node = 0; node < 3; ++node) insert(t, id, fmt::format("pve{}", node), SpokeStatus::active, true);
      }
    });
  };
  fill(200, 20);
  const auto few = steps_of_a_page(*this);
  fill(6'000, 0);
  const auto many_spokes = steps_of_a_page(*this);
  CHECK(many_spokes == few);
  fill(0, 500);  // 1,500 nodes: the totals count them in an index
  const auto many_clusters = steps_of_a_page(*this);
  CHECK(many_clusters < few + 1'500 * 8);
  WARN(
      fmt::format("a page of ten clusters: {} steps of SQLite with 20 clusters, {} with 6,000 more spokes, {} with 500 "
                  "more clusters",
                  few, many_spokes, many_clusters));
}
