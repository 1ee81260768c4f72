// Machines that are peers of another WireGuard server already become spokes: with their key and address, without a
// script. As at registration the rows are committed first, then the peers set; what is missing the reconciler closes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
#include "apid/service/peer_locks.h"
#include "apid/service/token_service.h"
#include "common/error.h"

namespace wghub {

struct ImportItem {
  std::string name;
  PublicKey key;
  Network address;  ///< prefix: the network's, or that of a single address
};

/// What becomes of one. present: it is a spoke already, with this key and address.
struct ImportedItem {
  enum class State { made, present, refused };
  State state = State::made;
  std::string spoke_id;          ///< of the spoke; empty of one that is refused or only planned
  std::optional<Error> refusal;  ///< its first fault has the field's name in the item
};

/// What SpokeImport needs of the others.
struct ImportSurroundings {
  Helper& helper;
  PeerLocks& locks;
  std::function<void()> peers_changed;  ///< the wanted peers in the database are not what they were
};

/// plan: says what would be, and changes nothing.
enum class ImportMode { plan, apply };

class SpokeImport {
 public:
  SpokeImport(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
              ImportSurroundings surroundings);

  /// All or none, in their order. Each gets a token of its own, registered at once, whose text nobody has: with it the
  /// spoke can be reissued. Errors: HUB_NOT_INITIALIZED; of apply, as there: the first refusal's code, with every
  /// refusal as fault `spokes[INDEX].FIELD`: INVALID_IP, IP_ALREADY_ALLOCATED, PUBLIC_KEY_ALREADY_REGISTERED; and
  /// HELPER_UNAVAILABLE (they are spokes; asked again they are present, and set).
  Outcome<std::vector<ImportedItem>> run(const std::vector<ImportItem>& items, ImportMode mode, const Actor& actor);

 private:
  /// Of one request: every spoke that it is about, and which of them are new.
  struct Taken {
    std::vector<Spoke> spokes;
    std::vector<Spoke> made;
  };
  ImportedItem take(store::Transaction& transaction, const HubConfig& hub, const ImportItem& item, const Actor& actor,
                    Taken& taken);
  bool bring_up(const std::vector<Spoke>& spokes);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  TokenService& tokens_;
  ImportSurroundings around_;
};

}  // namespace wghub
