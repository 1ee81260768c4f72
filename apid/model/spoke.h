// A registered machine: the peer that should be on the interface, and what is known of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/address.h"
#include "common/key.h"

namespace wghub {

/// D11: pending until the first handshake, then active (at most 180 s old) or inactive (over 300 s).
enum class SpokeStatus { pending, active, inactive };

constexpr std::string_view to_text(SpokeStatus status) {
  switch (status) {
    case SpokeStatus::pending:
      return "pending";
    case SpokeStatus::active:
      return "active";
    case SpokeStatus::inactive:
      return "inactive";
  }
  return "";
}

enum class Platform { linux, macos, windows, proxmox };

constexpr std::string_view to_text(Platform platform) {
  switch (platform) {
    case Platform::linux:
      return "linux";
    case Platform::macos:
      return "macos";
    case Platform::windows:
      return "windows";
    case Platform::proxmox:
      return "proxmox";
  }
  return "";
}

/// Units: epoch seconds, bytes.
struct Spoke {
  std::string id;
  std::string token_id;
  std::string name;
  PublicKey public_key;
  std::optional<PublicKey> replaces_key;  ///< the key before a reissue, until the interface has the new one
  Address address;
  Network network;  ///< for the /24 that the API shows (D9)
  std::int64_t registered_at = 0;
  std::optional<std::int64_t> last_handshake;
  SpokeStatus status = SpokeStatus::pending;
  Platform os = Platform::linux;
  bool is_proxmox = false;
  std::optional<std::string> proxmox_cluster_id;
  std::optional<std::string> proxmox_cluster_name;
  std::optional<std::string> proxmox_node_name;
  std::optional<std::string> proxmox_version;
  std::string metadata = "{}";  ///< a JSON object, at most 4 KiB
  std::int64_t transfer_rx = 0;
  std::int64_t transfer_tx = 0;
  std::int64_t keepalive = 25;  ///< seconds between the packets that it sends at least; 0: not known to send any
  std::optional<std::int64_t> removing_at;  ///< DELETE was asked; the peer may still be there
  std::optional<std::int64_t> removed_at;   ///< the peer is confirmed off
  bool node_conflict = false;               ///< another spoke is the same node too; found out where it is shown
};

struct SpokeCounts {
  std::int64_t active = 0;
  std::int64_t inactive = 0;
  std::int64_t pending = 0;
  std::int64_t total() const { return active + inactive + pending; }
};

/// What a status snapshot says of a spoke. Units: epoch seconds, bytes.
struct LiveValues {
  SpokeStatus status = SpokeStatus::pending;
  std::optional<std::int64_t> last_handshake;
  std::int64_t transfer_rx = 0;
  std::int64_t transfer_tx = 0;
};

/// What the reconciler and the status tracker need of a spoke row.
struct PeerRow {
  std::string spoke_id;
  std::string name;
  PublicKey key;
  std::optional<PublicKey> replaces;
  Address address;
  bool removing = false;
  std::int64_t keepalive = 25;  ///< as in Spoke
  LiveValues stored;
};

/// What a status snapshot changes in a spoke's row.
struct LiveUpdate {
  std::string spoke_id;
  LiveValues values;
};

}  // namespace wghub
