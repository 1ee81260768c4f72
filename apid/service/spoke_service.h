// Registered machines: registration, list, status, removal (design §4, D16). The database is the truth: commit first,
// then the interface, then the answer; what a crash leaves between them, the reconciler closes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/page.h"
#include "apid/model/spoke.h"
#include "apid/service/audit_trail.h"
#include "apid/service/cluster_membership.h"
#include "apid/service/event.h"
#include "apid/service/peer_locks.h"
#include "apid/service/status_tracker.h"
#include "apid/service/token_service.h"
#include "common/error.h"
#include "common/secret.h"

namespace wghub {

struct RegisterRequest {
  Secret token;
  PublicKey key;
  Platform os = Platform::linux;
  bool is_proxmox = false;
  std::optional<std::string> proxmox_node_name;
  std::optional<std::string> proxmox_cluster_name;
  std::optional<std::string> proxmox_version;
  ToldMembers told;  ///< from the metadata, for R45
  std::string metadata = "{}";
};

struct SpokeList {
  std::vector<Spoke> spokes;
  std::optional<Cursor> next;
  SpokeCounts counts;
};

struct SpokeDetails {
  Spoke spoke;
  std::optional<PeerState> peer;
};

/// What SpokeService needs of the others.
struct SpokeSurroundings {
  Helper& helper;
  PeerLocks& locks;
  StatusTracker& tracker;
  const ClusterMembership& clusters;
  std::function<void()> peers_changed;  ///< the wanted peers in the database are not what they were
};

class SpokeService {
 public:
  SpokeService(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
               SpokeSurroundings surroundings);

  /// 201 in the end, or: TOKEN_MALFORMED, INVALID_PUBLIC_KEY, TOKEN_NOT_FOUND, TOKEN_REVOKED, TOKEN_ALREADY_USED,
  /// TOKEN_EXPIRED, PUBLIC_KEY_ALREADY_REGISTERED, HELPER_UNAVAILABLE (registered; ask again), and what the engine's
  /// refusal amounts to.
  Outcome<Spoke> register_spoke(const RegisterRequest& request, const Actor& actor);

  Outcome<SpokeList> list(const store::SpokeFilter& filter, const PageRequest& page);
  /// Errors: SPOKE_NOT_FOUND.
  Outcome<SpokeDetails> details(const std::string& id);
  /// Errors: SPOKE_NOT_FOUND, HELPER_UNAVAILABLE (marked; ask again).
  Outcome<Done> remove(const std::string& id, const Actor& actor);

  /// Ends the removal of a spoke whose peer is off the interface; the reconciler uses it too.
  Outcome<Done> finish_removal(const std::string& id, const Actor& actor);

 private:
  struct Registration {
    Spoke spoke;
    bool is_new = false;
    std::optional<Cluster> new_cluster;
    std::optional<Error> refusal;  ///< to be answered though the transaction stays: a second key's alarm
  };
  Outcome<Registration> commit_registration(store::Transaction& transaction, const RegisterRequest& request,
                                            const Actor& actor);
  Outcome<Registration> registered_before(store::Transaction& transaction, const Token& token,
                                          const RegisterRequest& request, const Actor& actor);
  Registration make_spoke(store::Transaction& transaction, const Token& token, const RegisterRequest& request,
                          const Actor& actor);
  void tell_of_cluster(const Registration& registration);
  Outcome<Spoke> bring_up(const Spoke& spoke, const Actor& actor);
  void take_back(const Spoke& spoke, PeerOutcome outcome, const Actor& actor);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  TokenService& tokens_;
  SpokeSurroundings around_;
};

}  // namespace wghub
