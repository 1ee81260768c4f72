// The outcomes' meaning and words. Which of them happen is decided in wgprivd.
#include "apid/helper/helper.h"

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
  switch (outcome) {
    case PeerOutcome::done:
      return "done";
    case PeerOutcome::unchanged:
      return "unchanged";
    case PeerOutcome::deferred:
      return "deferred";
    case PeerOutcome::interface_missing:
      return "interface missing";
    case PeerOutcome::malformed:
      return "malformed";
    case PeerOutcome::key_exists:
      return "key exists";
    case PeerOutcome::key_missing:
      return "key missing";
    case PeerOutcome::not_configured:
      return "not configured";
    case PeerOutcome::network_not_allowed:
      return "network not allowed";
    case PeerOutcome::network_overlap:
      return "network overlap";
    case PeerOutcome::policy_mismatch:
      return "policy mismatch";
    case PeerOutcome::interface_exists:
      return "interface exists";
    case PeerOutcome::invalid_key:
      return "invalid key";
    case PeerOutcome::hub_key:
      return "hub key";
    case PeerOutcome::address_outside:
      return "address outside";
    case PeerOutcome::address_reserved:
      return "address reserved";
    case PeerOutcome::address_held:
      return "address held";
    case PeerOutcome::replaces_mismatch:
      return "replaces mismatch";
    case PeerOutcome::preshared_key:
      return "preshared key";
    case PeerOutcome::stale_snapshot:
      return "stale snapshot";
    case PeerOutcome::failed:
      return "failed";
    case PeerOutcome::unreachable:
      return "unreachable";
  }
  return "unknown";
}

}  // namespace wghub
