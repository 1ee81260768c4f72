// A Proxmox cluster: how people describe it, what its nodes tell of each other, how many of them are connected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apid/model/spoke.h"

namespace wghub {

/// Units: epoch seconds.
struct Cluster {
  std::string id;    ///< UUID; the name alone tells no two clusters apart (R45)
  std::string name;  ///< as its nodes call it
  std::optional<std::string> datacenter;
  std::optional<std::string> description;
  std::int64_t created_at = 0;
  std::int64_t updated_at = 0;          ///< of the two texts
  std::optional<bool> quorate;          ///< as a node told last
  std::optional<std::int64_t> told_at;  ///< when a node told the members last
  SpokeCounts nodes;                    ///< its live spokes
};

/// One member as another one sees it.
struct ToldNode {
  std::string name;  ///< in the form of is_node_name
  std::optional<bool> online;
};

/// What a registering node tells of its cluster; no nodes: nothing was told.
struct ToldMembers {
  std::vector<ToldNode> nodes;
  std::optional<bool> quorate;
};

/// A node that a cluster knows by name.
struct KnownNode {
  std::string name;
  std::optional<bool> online;  ///< as told last
  std::int64_t told_at = 0;
  bool has_spoke = false;                    ///< a spoke of that name is registered and not being removed
  std::optional<std::string> open_token_id;  ///< made for this node, unused or claimed
};

struct ClusterTotals {
  std::int64_t clusters = 0;
  std::int64_t nodes = 0;       ///< spokes that are Proxmox hosts, those without a cluster too
  std::int64_t standalone = 0;  ///< of them, those without a cluster
};

}  // namespace wghub
