// Which cluster a registering node belongs to, and what that cluster knows of its nodes (R43 to R45). Runs inside the
// transaction of the registration; showing clusters is ClusterService's.
#pragma once

#include <optional>
#include <string>

#include "apid/model/cluster.h"
#include "apid/service/audit_trail.h"
#include "apid/service/surroundings.h"

namespace wghub {

/// What a registration changed about clusters.
struct Joined {
  std::optional<std::string> cluster_id;
  std::optional<Cluster> made;  ///< when it is the first node of a new one
};

class ClusterMembership {
 public:
  ClusterMembership(Stores& stores, AuditTrail& audit, RandomBytes random);

  /// Finds the cluster of a spoke that is about to be stored, or makes it, and remembers what the node tells. Of
  /// several clusters of that name it is the one that knows the most of the told nodes; when none knows any, a new one.
  /// A node that tells no names belongs to the oldest of that name, or stays where it was. before: the same spoke's row
  /// so far.
  Joined join(store::Transaction& transaction, const Spoke& spoke, const std::optional<Spoke>& before,
              const ToldMembers& told, const Actor& actor) const;

  /// Whether another live spoke is the same node of the same cluster.
  bool is_doubled(store::Transaction& transaction, const Spoke& spoke) const;

 private:
  std::optional<std::string> find(store::Transaction& transaction, const Spoke& spoke,
                                  const std::optional<std::string>& before, const ToldMembers& told) const;
  Cluster make(store::Transaction& transaction, const Spoke& spoke, const Actor& actor) const;
  void remember(store::Transaction& transaction, const Cluster& cluster, const Spoke& spoke,
                const ToldMembers& told) const;

  Stores& stores_;
  AuditTrail& audit_;
  RandomBytes random_;
};

}  // namespace wghub
