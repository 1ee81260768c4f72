// Proxmox clusters as people see them: list, details, texts, removal of empty ones, tokens for the nodes that have no
// spoke. Which node is in which cluster is ClusterMembership's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apid/model/cluster.h"
#include "apid/model/page.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/status_tracker.h"
#include "apid/service/token_service.h"
#include "common/error.h"

namespace wghub {

/// D11's words, of the nodes that have a spoke: empty; pending (none was ever connected); all-active; critical (more
/// than half inactive); degraded (any other that is not active).
std::string_view status_of(const SpokeCounts& nodes);

struct ClusterList {
  std::vector<Cluster> clusters;
  std::optional<Cursor> next;
  ClusterTotals totals;
};

struct ClusterDetails {
  Cluster cluster;
  std::vector<Spoke> nodes;        ///< by node name
  std::vector<KnownNode> missing;  ///< known to the cluster, without a spoke; by name
};

/// A text that is not given stays; one that is given without value is cleared.
struct ClusterTexts {
  std::optional<std::optional<std::string>> datacenter;
  std::optional<std::optional<std::string>> description;
};

class ClusterService {
 public:
  ClusterService(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens, StatusTracker& tracker);

  Outcome<ClusterList> list(const PageRequest& page);
  /// Errors, here and below: CLUSTER_NOT_FOUND.
  Outcome<ClusterDetails> details(const std::string& id);
  Outcome<Cluster> update(const std::string& id, const ClusterTexts& texts, const Actor& actor);
  /// Errors: CLUSTER_NOT_EMPTY while a live spoke belongs to it.
  Outcome<Done> remove(const std::string& id, const Actor& actor);

  /// A token, named by its node, for each missing node that has no open one: of those given, or of all. All or none.
  /// Errors: INVALID_REQUEST with the field for a name that is no missing node's, and those of TokenService::create.
  Outcome<std::vector<IssuedToken>> create_tokens(const std::string& id,
                                                  const std::optional<std::vector<std::string>>& nodes,
                                                  const Actor& actor);

 private:
  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  TokenService& tokens_;
  StatusTracker& tracker_;
};

}  // namespace wghub
