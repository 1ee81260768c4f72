#include "apid/store/cluster_store.h"

#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr auto kFindByName =
    "SELECT cluster.id, cluster_name, proxmox_node_name FROM proxmox_clusters AS cluster"
    " LEFT JOIN spoke_registrations ON proxmox_cluster_id = cluster.id AND removed_at IS NULL"
    " WHERE cluster_name = :name ORDER BY cluster.created_at, cluster.id, proxmox_node_name";
constexpr auto kInsert =
    "INSERT INTO proxmox_clusters (id, cluster_name, created_at, updated_at) VALUES (:id, :name, :now, :now)";

}  // namespace

std::vector<ClusterRow> ClusterStore::find_by_name(Transaction& transaction, const std::string& name) const {
  std::vector<ClusterRow> clusters;
  transaction.query(kFindByName).with("name", name).each([&](Row& row) {
    std::string id = row.text();
    if (clusters.empty() || clusters.back().id != id)
      clusters.push_back({std::move(id), row.text(), {}});
    else
      row.text();
    if (auto node = row.maybe_text()) clusters.back().node_names.push_back(*std::move(node));
    return true;
  });
  return clusters;
}

void ClusterStore::insert(Transaction& transaction, const std::string& id, const std::string& name) const {
  transaction.query(kInsert).with("id", id).with("name", name).with("now", transaction.now()).execute();
}

}  // namespace wghub::store
