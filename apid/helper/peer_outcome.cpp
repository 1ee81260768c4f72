// The outcomes' meaning and words. Which of them happen is decided in wgprivd.
#include "apid/helper/helper.h"
#include "common/engine_record.h"

namespace wghub {

bool is_refusal(PeerOutcome outcome) {
  switch (outcome) {
    case PeerOutcome::malformed:
    case PeerOutcome::network_not_allowed:
    case PeerOutcome::network_overlap:
    case PeerOutcome::policy_mismatch:
    case PeerOutcome::interface_exists:
    case PeerOutcome::invalid_key:
    case PeerOutcome::hub_key:
    case PeerOutcome::address_outside:
    case PeerOutcome::address_reserved:
    case PeerOutcome::address_held:
    case PeerOutcome::replaces_mismatch:
    case PeerOutcome::preshared_key:
      return true;
    case PeerOutcome::done:
    case PeerOutcome::unchanged:
    case PeerOutcome::deferred:
    case PeerOutcome::interface_missing:
    case PeerOutcome::key_exists:
    case PeerOutcome::key_missing:
    case PeerOutcome::not_configured:
    case PeerOutcome::stale_snapshot:
    case PeerOutcome::failed:
    case PeerOutcome::unreachable:
      return false;
  }
  return false;
}

const char* to_text(PeerOutcome outcome) {
  static_assert(static_cast<int>(PeerOutcome::failed) == static_cast<int>(EngineOutcome::failed));
  return outcome == PeerOutcome::unreachable ? "unreachable" : name_of(static_cast<EngineOutcome>(outcome));
}

}  // namespace wghub
