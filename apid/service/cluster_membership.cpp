#include "apid/service/cluster_membership.h"

#include <algorithm>
#include <map>
#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/node_name.h"

namespace wghub {
namespace {

constexpr int kMostKnown = 256;  // Proxmox VE has some 32; a cluster that was told more forgets none

bool names(const ToldMembers& told, const std::string& node) {
  return std::any_of(told.nodes.begin(), told.nodes.end(), [&](const ToldNode& each) { return each.name == node; });
}

// What a node knows of members includes itself.
ToldMembers with_self(const Spoke& spoke, ToldMembers told) {
  const auto& self = spoke.proxmox_node_name;
  if (self && is_node_name(*self) && !names(told, *self)) told.nodes.push_back({*self, std::nullopt});
  return told;
}

}  // namespace

ClusterMembership::ClusterMembership(Stores& stores, AuditTrail& audit, RandomBytes random)
    : stores_(stores), audit_(audit), random_(std::move(random)) {}

Joined ClusterMembership::join(store::Transaction& t, const Spoke& spoke, const std::optional<Spoke>& before,
                               const ToldMembers& told, const Actor& actor) const {
  Joined joined;
  const auto old_cluster = before ? before->proxmox_cluster_id : std::nullopt;
  if (spoke.is_proxmox && spoke.proxmox_cluster_name) {
    const bool same_name = old_cluster && before->proxmox_cluster_name == spoke.proxmox_cluster_name;
    joined.cluster_id = find(t, spoke, same_name ? old_cluster : std::nullopt, told);
    if (!joined.cluster_id) {
      joined.made = make(t, spoke, actor);
      joined.cluster_id = joined.made->id;
    }
  }
  // The machine itself says that it is no longer there, or has another name.
  if (old_cluster && before->proxmox_node_name &&
      (old_cluster != joined.cluster_id || before->proxmox_node_name != spoke.proxmox_node_name))
    stores_.clusters.forget_node(t, *old_cluster, *before->proxmox_node_name);
  if (!joined.cluster_id) return joined;
  Cluster cluster;
  cluster.id = *joined.cluster_id;
  cluster.name = *spoke.proxmox_cluster_name;
  remember(t, cluster, spoke, told);
  return joined;
}

std::optional<std::string> ClusterMembership::find(store::Transaction& t, const Spoke& spoke,
                                                   const std::optional<std::string>& before,
                                                   const ToldMembers& told) const {
  const std::string& name = *spoke.proxmox_cluster_name;
  std::map<std::string, int> known;  // cluster -> how many of the names it knows; ids grow with time
  for (const auto& node : with_self(spoke, told).nodes)
    for (const auto& id : stores_.clusters.find_by_node(t, name, node.name)) known[id] += 2;
  if (before && known.contains(*before)) known[*before] += 1;
  const auto best = std::max_element(known.begin(), known.end(),
                                     [](const auto& left, const auto& right) { return left.second < right.second; });
  if (best != known.end()) return best->first;
  if (!told.nodes.empty()) return std::nullopt;
  return before ? before : stores_.clusters.find_by_name(t, name);
}

Cluster ClusterMembership::make(store::Transaction& t, const Spoke& spoke, const Actor& actor) const {
  Cluster cluster;
  cluster.created_at = cluster.updated_at = store::now_of(t);
  cluster.id = make_uuid(random_, cluster.created_at);
  cluster.name = *spoke.proxmox_cluster_name;
  stores_.clusters.insert(t, cluster.id, cluster.name);
  audit_.record(t, actor, "cluster.created", cluster.id, {{"clusterName", cluster.name}, {"spokeId", spoke.id}});
  return cluster;
}

void ClusterMembership::remember(store::Transaction& t, const Cluster& cluster, const Spoke& spoke,
                                 const ToldMembers& told) const {
  const auto members = with_self(spoke, told);
  for (const auto& node : members.nodes) stores_.clusters.tell_node(t, cluster, node);
  if (told.nodes.empty()) return;
  stores_.clusters.tell_quorate(t, cluster.id, told.quorate);
  // Who is not a member any more is forgotten, unless a spoke says otherwise of itself.
  const auto known = stores_.clusters.known_nodes(t, cluster.id, kMostKnown + 1);
  if (known.size() > kMostKnown) return;
  for (const auto& node : known)
    if (!node.has_spoke && !names(members, node.name)) stores_.clusters.forget_node(t, cluster.id, node.name);
}

bool ClusterMembership::is_doubled(store::Transaction& t, const Spoke& spoke) const {
  return spoke.proxmox_cluster_id && spoke.proxmox_node_name &&
         stores_.clusters.has_other(t, *spoke.proxmox_cluster_id, *spoke.proxmox_node_name, spoke.id);
}

}  // namespace wghub
