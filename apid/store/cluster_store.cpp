#include "apid/store/cluster_store.h"

#include <limits>

#include "apid/store/paging.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

// Of the clusters that are read and no others, from spoke_registrations_node_status alone.
constexpr char kSelect[] =
    "SELECT cluster.id, cluster_name, datacenter, description, created_at, updated_at, quorate, told_at,"
    " (SELECT COUNT(*) FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    "  AND proxmox_cluster_id = cluster.id AND status = 'active'),"
    " (SELECT COUNT(*) FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    "  AND proxmox_cluster_id = cluster.id AND status = 'inactive'),"
    " (SELECT COUNT(*) FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    "  AND proxmox_cluster_id = cluster.id AND status = 'pending')"
    " FROM proxmox_clusters AS cluster";
constexpr auto kInsert =
    "INSERT INTO proxmox_clusters (id, cluster_name, created_at, updated_at) VALUES (:id, :name, :now, :now)";
constexpr auto kFind = sql(kSelect, " WHERE cluster.id = :id");
constexpr auto kNewest =
    sql(kSelect, " WHERE (created_at, cluster.id) < (:at, :id) ORDER BY created_at DESC, cluster.id DESC LIMIT :most");
constexpr auto kTotals =
    "SELECT (SELECT COUNT(*) FROM proxmox_clusters),"
    " (SELECT COUNT(*) FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL),"
    " (SELECT COUNT(*) FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    "  AND proxmox_cluster_id IS NULL)";
constexpr auto kSaveTexts =
    "UPDATE proxmox_clusters SET datacenter = :datacenter, description = :description, updated_at = :now"
    " WHERE id = :id";
constexpr auto kHasLiveSpokes =
    "SELECT 1 FROM spoke_registrations WHERE proxmox_cluster_id = :id AND removed_at IS NULL LIMIT 1";
constexpr auto kForgetSpokes =
    "UPDATE spoke_registrations SET proxmox_cluster_id = NULL"
    " WHERE proxmox_cluster_id = :id AND removed_at IS NOT NULL";
constexpr auto kEraseNodes = "DELETE FROM proxmox_cluster_nodes WHERE cluster_id = :id";
constexpr auto kErase = "DELETE FROM proxmox_clusters WHERE id = :id";

constexpr auto kFindByName =
    "SELECT id FROM proxmox_clusters WHERE cluster_name = :name ORDER BY created_at, id LIMIT 1";
constexpr auto kFindByNode =
    "SELECT cluster_id FROM proxmox_cluster_nodes WHERE cluster_name = :name AND node_name = :node ORDER BY cluster_id";
constexpr auto kKnownNodes =
    "SELECT node_name, online, told_at,"
    " CASE WHEN EXISTS (SELECT 1 FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    "  AND proxmox_cluster_id = node.cluster_id AND proxmox_node_name = node.node_name) THEN 1 ELSE 0 END,"
    " (SELECT id FROM installation_tokens AS token WHERE token.spoke_id = node.token_spoke_id"
    "  AND state <> 'revoked' AND state IN ('unused', 'claimed') AND expires_at > :now)"
    " FROM proxmox_cluster_nodes AS node WHERE cluster_id = :id ORDER BY node_name LIMIT :most";
constexpr auto kTellNode =
    "INSERT INTO proxmox_cluster_nodes (cluster_id, node_name, cluster_name, online, told_at)"
    " VALUES (:id, :node, :name, :online, :now)"
    " ON CONFLICT (cluster_id, node_name) DO UPDATE SET online = excluded.online, told_at = excluded.told_at";
constexpr auto kTellQuorate = "UPDATE proxmox_clusters SET quorate = :quorate, told_at = :now WHERE id = :id";
constexpr auto kForgetNode = "DELETE FROM proxmox_cluster_nodes WHERE cluster_id = :id AND node_name = :node";
constexpr auto kSetToken =
    "UPDATE proxmox_cluster_nodes SET token_spoke_id = :spoke_id WHERE cluster_id = :id AND node_name = :node";
constexpr auto kHasOther =
    "SELECT 1 FROM spoke_registrations WHERE is_proxmox = 1 AND removing_at IS NULL"
    " AND proxmox_cluster_id = :id AND proxmox_node_name = :node AND id <> :spoke_id LIMIT 1";

std::optional<bool> read_truth(const std::optional<std::int64_t>& value) {
  return value ? std::optional(*value != 0) : std::nullopt;
}

std::optional<std::int64_t> truth_column(const std::optional<bool>& value) {
  return value ? std::optional<std::int64_t>(*value ? 1 : 0) : std::nullopt;
}

Cluster read_cluster(Row& row) {
  Cluster cluster;
  cluster.id = row.text();
  cluster.name = row.text();
  cluster.datacenter = row.maybe_text();
  cluster.description = row.maybe_text();
  cluster.created_at = row.number();
  cluster.updated_at = row.number();
  cluster.quorate = read_truth(row.maybe_number());
  cluster.told_at = row.maybe_number();
  cluster.nodes.active = row.number();
  cluster.nodes.inactive = row.number();
  cluster.nodes.pending = row.number();
  return cluster;
}

KnownNode read_known_node(Row& row) {
  KnownNode node;
  node.name = row.text();
  node.online = read_truth(row.maybe_number());
  node.told_at = row.number();
  node.has_spoke = row.flag();
  node.open_token_id = row.maybe_text();
  return node;
}

std::string read_id(Row& row) { return row.text(); }

bool is_any(Query query) {
  return query.one([](Row& row) { return row.number(); }).has_value();
}

}  // namespace

void ClusterStore::insert(Transaction& transaction, const std::string& id, const std::string& name) const {
  transaction.query(kInsert).with("id", id).with("name", name).with("now", transaction.now()).execute();
}

std::optional<Cluster> ClusterStore::find(Transaction& transaction, const std::string& id) const {
  return transaction.query(kFind).with("id", id).one(read_cluster);
}

Page<Cluster> ClusterStore::list(Transaction& transaction, const PageRequest& page) const {
  const Cursor after = page.after.value_or(Cursor{std::numeric_limits<std::int64_t>::max(), ""});
  auto query = transaction.query(kNewest).with("at", after.at).with("id", after.id);
  Page<Cluster> result;
  result.items = query.with("most", page.limit + 1).all(read_cluster);
  cut_page(result, page.limit, [](const Cluster& cluster) { return Cursor{cluster.created_at, cluster.id}; });
  return result;
}

ClusterTotals ClusterStore::totals(Transaction& transaction) const {
  return transaction.query(kTotals)
      .one([](Row& row) {
        ClusterTotals totals;
        totals.clusters = row.number();
        totals.nodes = row.number();
        totals.standalone = row.number();
        return totals;
      })
      .value_or(ClusterTotals{});
}

void ClusterStore::save_texts(Transaction& transaction, const Cluster& cluster) const {
  auto query = transaction.query(kSaveTexts).with("id", cluster.id).with("now", transaction.now());
  query.with("datacenter", cluster.datacenter).with("description", cluster.description).execute();
}

bool ClusterStore::has_live_spokes(Transaction& transaction, const std::string& id) const {
  return is_any(transaction.query(kHasLiveSpokes).with("id", id));
}

void ClusterStore::erase(Transaction& transaction, const std::string& id) const {
  for (const auto* statement : {kForgetSpokes, kEraseNodes, kErase})
    transaction.query(statement).with("id", id).execute();
}

std::optional<std::string> ClusterStore::find_by_name(Transaction& transaction, const std::string& name) const {
  return transaction.query(kFindByName).with("name", name).one(read_id);
}

std::vector<std::string> ClusterStore::find_by_node(Transaction& transaction, const std::string& name,
                                                    const std::string& node) const {
  return transaction.query(kFindByNode).with("name", name).with("node", node).all(read_id);
}

std::vector<KnownNode> ClusterStore::known_nodes(Transaction& transaction, const std::string& id, int most) const {
  auto query = transaction.query(kKnownNodes).with("id", id).with("now", transaction.now());
  return query.with("most", most).all(read_known_node);
}

void ClusterStore::tell_node(Transaction& transaction, const Cluster& cluster, const ToldNode& node) const {
  auto query = transaction.query(kTellNode).with("id", cluster.id).with("name", cluster.name);
  query.with("node", node.name).with("online", truth_column(node.online)).with("now", transaction.now()).execute();
}

void ClusterStore::tell_quorate(Transaction& transaction, const std::string& id, std::optional<bool> quorate) const {
  auto query = transaction.query(kTellQuorate).with("id", id).with("now", transaction.now());
  query.with("quorate", truth_column(quorate)).execute();
}

void ClusterStore::forget_node(Transaction& transaction, const std::string& id, const std::string& node) const {
  transaction.query(kForgetNode).with("id", id).with("node", node).execute();
}

void ClusterStore::set_token(Transaction& transaction, const std::string& id, const std::string& node,
                             const std::string& spoke_id) const {
  transaction.query(kSetToken).with("id", id).with("node", node).with("spoke_id", spoke_id).execute();
}

bool ClusterStore::has_other(Transaction& transaction, const std::string& id, const std::string& node,
                             const std::string& spoke_id) const {
  return is_any(transaction.query(kHasOther).with("id", id).with("node", node).with("spoke_id", spoke_id));
}

}  // namespace wghub::store
