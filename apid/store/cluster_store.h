// Table proxmox_clusters. Which registration belongs to which cluster is the service's (R45).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apid/store/database.h"

namespace wghub::store {

/// A cluster with the node names that its live spokes have.
struct ClusterRow {
  std::string id;
  std::string name;
  std::vector<std::string> node_names;
};

class ClusterStore {
 public:
  std::vector<ClusterRow> find_by_name(Transaction& transaction, const std::string& name) const;
  void insert(Transaction& transaction, const std::string& id, const std::string& name) const;
};

}  // namespace wghub::store
