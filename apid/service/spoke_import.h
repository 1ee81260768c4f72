// Machines that are peers of another WireGuard server already become spokes: with their key and address, without a
// script. The interface is the reconciler's, which the new rows wake.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apid/service/audit_trail.h"
#include "apid/service/event.h"
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

/// plan: says what would be, and changes nothing.
enum class ImportMode { plan, apply };

class SpokeImport {
 public:
  /// peers_changed: the wanted peers in the database are not what they were.
  SpokeImport(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
              std::function<void()> peers_changed);

  /// All or none, in their order. Each gets a token of its own, registered at once, whose text nobody has: with it the
  /// spoke can be reissued. Errors: HUB_NOT_INITIALIZED; of apply, as there: the first refusal's code, with every
  /// refusal as fault `spokes[INDEX].FIELD`: INVALID_IP, IP_ALREADY_ALLOCATED, PUBLIC_KEY_ALREADY_REGISTERED.
  Outcome<std::vector<ImportedItem>> run(const std::vector<ImportItem>& items, ImportMode mode, const Actor& actor);

 private:
  ImportedItem take(store::Transaction& transaction, const HubConfig& hub, const ImportItem& item, const Actor& actor,
                    std::vector<Spoke>& made);

  Stores& stores_;
  AuditTrail& audit_;
  EventSink& events_;
  TokenService& tokens_;
  std::function<void()> peers_changed_;
};

}  // namespace wghub
