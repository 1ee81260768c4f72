#include "apid/service/cluster_membership.h"

#include <map>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

RandomBytes counting_bytes() {
  return [next = std::make_shared<std::uint32_t>(1)](std::span<std::uint8_t> bytes) {
    const auto number = (*next)++;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * (i % 4)));
  };
}

ToldMembers told(const std::vector<std::string>& names, std::optional<bool> quorate = std::nullopt) {
  ToldMembers members;
  for (const auto& name : names) members.nodes.push_back({name, true});
  members.quorate = quorate;
  return members;
}

// Spokes that join and leave clusters, one a second.
struct Rig {
  store::Scratch scratch;
  Stores stores{scratch.database(), {}, {}, {}, {}, {}, {}, {}};
  AuditTrail audit{stores, [this] { return scratch.clock(); }};
  ClusterMembership membership{stores, audit, counting_bytes()};
  int last = 0;

  Spoke add(const char* cluster, const char* node, const ToldMembers& members = {}) {
    const Token token = store::make_token(++last);
    scratch.write([&](store::Transaction& t) {
      stores.tokens.insert(t, token);
      return Done{};
    });
    Spoke spoke = store::make_spoke(token, last);
    spoke.is_proxmox = true;
    spoke.os = Platform::proxmox;
    return put(spoke, cluster, node, members);
  }
  /// Registers it, anew if it is there already.
  Spoke put(Spoke spoke, const char* cluster, const char* node, const ToldMembers& members = {}) {
    scratch.set_clock(scratch.clock() + 1);
    spoke.proxmox_cluster_name = cluster == nullptr ? std::nullopt : std::optional<std::string>(cluster);
    if (node != nullptr) spoke.proxmox_node_name = node;
    return scratch.write([&](store::Transaction& t) {
      const auto before = stores.spokes.find(t, spoke.id);
      spoke.proxmox_cluster_id = membership.join(t, spoke, before, members, Actor{}).cluster_id;
      if (before)
        stores.spokes.replace(t, spoke);
      else
        stores.spokes.insert(t, spoke);
      spoke.node_conflict = membership.is_doubled(t, spoke);
      return spoke;
    });
  }
  void remove(const Spoke& spoke) {
    scratch.write([&](store::Transaction& t) {
      stores.spokes.mark_removing(t, spoke.id);
      return Done{};
    });
  }
  /// Known names of the spoke's cluster, those with a spoke in brackets.
  std::string known(const Spoke& spoke) {
    std::string text;
    const auto nodes = scratch.read(
        [&](store::Transaction& t) { return stores.clusters.known_nodes(t, *spoke.proxmox_cluster_id, 99); });
    for (const auto& node : nodes) text += (node.has_spoke ? "[" + node.name + "]" : node.name) + " ";
    return text;
  }
  std::string clusters() { return scratch.ask("SELECT COUNT(*) FROM proxmox_clusters"); }
};

}  // namespace

TEST_CASE("Nodes of one cluster find each other by name and by whom they know", "[R45]") {
  Rig rig;
  const auto hp1 = rig.add("prod", "hp1", told({"hp1", "hp2"}));
  const auto dl1 = rig.add("prod", "dl1", told({"dl1", "dl2"}));
  CHECK(hp1.proxmox_cluster_id != dl1.proxmox_cluster_id);
  CHECK(rig.add("prod", "dl2", told({"dl1", "dl2"})).proxmox_cluster_id == dl1.proxmox_cluster_id);
  CHECK(rig.add("prod", "hp2", told({"hp1", "hp2"})).proxmox_cluster_id == hp1.proxmox_cluster_id);
  CHECK(rig.add("lab", "hp1", told({"hp1", "hp2"})).proxmox_cluster_id != hp1.proxmox_cluster_id);
  CHECK(rig.clusters() == "3");
  // Known to the second alone; known to nobody: the oldest.
  CHECK(rig.add("prod", "dl2").proxmox_cluster_id == dl1.proxmox_cluster_id);
  CHECK(rig.add("prod", "unknown").proxmox_cluster_id == hp1.proxmox_cluster_id);
  CHECK(rig.add("prod", nullptr).proxmox_cluster_id == hp1.proxmox_cluster_id);
  CHECK(rig.add(nullptr, "hp1").proxmox_cluster_id == std::nullopt);
  CHECK(rig.clusters() == "3");
}

TEST_CASE("Where two clusters know a told node, the one that knows more has it", "[R45]") {
  Rig rig;
  const auto first = rig.add("prod", "a1", told({"a1", "shared"}));
  const auto second = rig.add("prod", "b1", told({"b1", "b2"}));
  CHECK(rig.add("prod", "b2", told({"shared", "b1", "b2"})).proxmox_cluster_id == second.proxmox_cluster_id);
  CHECK(rig.add("prod", "a1", told({"a1", "shared"})).proxmox_cluster_id == first.proxmox_cluster_id);
  // As many in both: where the spoke was.
  CHECK(rig.put(second, "prod", "shared", told({"shared"})).proxmox_cluster_id == second.proxmox_cluster_id);
  CHECK(rig.clusters() == "2");
}

TEST_CASE("A second node of one name is a conflict, the same spoke again is none", "[R45]") {
  Rig rig;
  const auto first = rig.add("prod", "pve1", told({"pve1", "pve2"}));
  CHECK_FALSE(first.node_conflict);
  CHECK_FALSE(rig.add("prod", "pve2", told({"pve1", "pve2"})).node_conflict);
  CHECK_FALSE(rig.add("lab", "pve1").node_conflict);
  CHECK_FALSE(rig.add(nullptr, "pve1").node_conflict);
  CHECK_FALSE(rig.put(first, "prod", "pve1", told({"pve1", "pve2"})).node_conflict);
  const auto second = rig.add("prod", "pve1", told({"pve1", "pve2"}));
  CHECK(second.node_conflict);
  CHECK(second.proxmox_cluster_id == first.proxmox_cluster_id);
  rig.remove(first);
  CHECK_FALSE(rig.put(second, "prod", "pve1").node_conflict);
}

TEST_CASE("A cluster knows its nodes as they were told last") {
  Rig rig;
  const auto pve1 = rig.add("prod", "pve1", told({"pve1", "pve2", "pve3"}, true));
  CHECK(rig.known(pve1) == "[pve1] pve2 pve3 ");
  CHECK(rig.scratch.ask("SELECT quorate FROM proxmox_clusters") == "1");
  // No list is no news; a list without a node is, unless the node has a spoke.
  const auto pve2 = rig.add("prod", "pve2");
  CHECK(rig.known(pve1) == "[pve1] [pve2] pve3 ");
  rig.add("prod", "pve4", told({"pve1", "pve4"}, false));
  CHECK(rig.known(pve1) == "[pve1] [pve2] [pve4] ");
  CHECK(rig.scratch.ask("SELECT quorate FROM proxmox_clusters") == "0");
  // One leaves by what it says itself, one by being removed: that one may come back.
  rig.put(pve2, nullptr, "pve2");
  CHECK(rig.known(pve1) == "[pve1] [pve4] ");
  rig.remove(pve1);
  CHECK(rig.known(pve1) == "pve1 [pve4] ");
  // A node that was given another name.
  const auto pve5 = rig.add("prod", "pve5", told({"pve1", "pve4", "pve5"}));
  rig.put(pve5, "prod", "pve6", told({"pve1", "pve4", "pve6"}));
  CHECK(rig.known(pve5) == "pve1 [pve4] [pve6] ");
}

TEST_CASE("An emptied cluster is found again by its nodes and by no others") {
  Rig rig;
  const auto pve1 = rig.add("prod", "pve1", told({"pve1", "pve2"}));
  rig.remove(pve1);
  CHECK(rig.add("prod", "other1", told({"other1", "other2"})).proxmox_cluster_id != pve1.proxmox_cluster_id);
  CHECK(rig.add("prod", "pve2", told({"pve1", "pve2"})).proxmox_cluster_id == pve1.proxmox_cluster_id);
}

TEST_CASE("A name that no host has is the node's own and nobody's to know") {
  Rig rig;
  const auto spoke = rig.add("$(id)", "it's <b>", told({"pve1"}));
  CHECK(spoke.proxmox_cluster_id);
  CHECK(rig.known(spoke) == "pve1 ");
}
