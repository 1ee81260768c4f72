// Tables proxmox_clusters and proxmox_cluster_nodes. Which registration belongs to which cluster is the service's
// (R45).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apid/model/cluster.h"
#include "apid/model/page.h"
#include "apid/store/database.h"

namespace wghub::store {

class ClusterStore {
 public:
  void insert(Transaction& transaction, const std::string& id, const std::string& name) const;
  std::optional<Cluster> find(Transaction& transaction, const std::string& id) const;
  /// Newest first by (created_at, id). Costs what its clusters' nodes cost to count, in an index.
  Page<Cluster> list(Transaction& transaction, const PageRequest& page) const;
  ClusterTotals totals(Transaction& transaction) const;
  /// datacenter and description; updated_at is now.
  void save_texts(Transaction& transaction, const Cluster& cluster) const;
  /// Those being removed count.
  bool has_live_spokes(Transaction& transaction, const std::string& id) const;
  /// Takes it away with all that it knows; removed spokes lose their mention of it.
  void erase(Transaction& transaction, const std::string& id) const;

  /// The oldest cluster of that name.
  std::optional<std::string> find_by_name(Transaction& transaction, const std::string& name) const;
  /// The clusters of that name that know a node of that name.
  std::vector<std::string> find_by_node(Transaction& transaction, const std::string& name,
                                        const std::string& node) const;

  /// By name, at most so many.
  std::vector<KnownNode> known_nodes(Transaction& transaction, const std::string& id, int most) const;
  void tell_node(Transaction& transaction, const Cluster& cluster, const ToldNode& node) const;
  void tell_quorate(Transaction& transaction, const std::string& id, std::optional<bool> quorate) const;
  void forget_node(Transaction& transaction, const std::string& id, const std::string& node) const;
  /// Remembers that a token was made for this node: for the spoke that will be it.
  void set_token(Transaction& transaction, const std::string& id, const std::string& node,
                 const std::string& spoke_id) const;
  /// Whether a spoke other than this one is that node and not being removed.
  bool has_other(Transaction& transaction, const std::string& id, const std::string& node,
                 const std::string& spoke_id) const;
};

}  // namespace wghub::store
