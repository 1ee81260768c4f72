// The client of wgprivd as the rest of apid sees it. Leaves Cap'n Proto, threads and reconnecting to rpc_helper.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apid/model/peer.h"
#include "common/address.h"
#include "common/error.h"
#include "common/key.h"

namespace wghub {

enum class HelperBackend { kernel, userspace };

/// The words of Outcome in proto/wgprivd.capnp, which say what each means; unreachable is this side's own.
enum class PeerOutcome {
  done,
  unchanged,
  deferred,
  interface_missing,
  malformed,
  key_exists,
  key_missing,
  not_configured,
  network_not_allowed,
  network_overlap,
  policy_mismatch,
  interface_exists,
  invalid_key,
  hub_key,
  address_outside,
  address_reserved,
  address_held,
  replaces_mismatch,
  preshared_key,
  stale_snapshot,
  failed,
  unreachable,  ///< no answer: the helper is down, hung or overloaded
};

/// Whether the engine looked at the item and said no to it, so that asking again is useless (D16: drift).
bool is_refusal(PeerOutcome outcome);
const char* to_text(PeerOutcome outcome);

/// Units: mtu in bytes.
struct InterfacePolicy {
  Network network;
  std::uint16_t port = 0;
  std::uint32_t mtu = 0;
  bool operator==(const InterfacePolicy&) const = default;
};

struct HelperInfo {
  HelperBackend backend = HelperBackend::kernel;
  std::optional<PublicKey> hub_key;
  std::optional<InterfacePolicy> policy;
  bool interface_up = false;
};

/// A peer that should be on the interface.
struct WantedPeer {
  PublicKey key;
  Address ipv4;  ///< none when the hub has no IPv4
  Address ipv6;
  std::optional<PublicKey> replaces;  ///< the key that holds this address now: both change in one step
};

/// One whole dump. complete is false when any of it may be missing: then it must not drive removals.
struct StatusSnapshot {
  bool interface_up = false;
  bool complete = false;
  std::vector<PeerState> peers;
  std::uint64_t generation = 0;  ///< another one: the link changed, or another engine answers
};

/// What configure did; policy is the one in force when the outcome is policy_mismatch.
struct ConfigureAnswer {
  PeerOutcome outcome = PeerOutcome::unreachable;
  bool created = false;
  std::optional<InterfacePolicy> policy;
};

/// Every call blocks, is safe from any thread, and returns within 2.5 s (status of 10,000 peers and more: 10 s).
/// Errors: PeerOutcome::unreachable, or ErrorCode::helper_unavailable where a Outcome is returned.
class Helper {
 public:
  virtual ~Helper() = default;

  virtual Outcome<HelperInfo> hello() = 0;
  /// The hub's public key; makes the pair when there is none.
  virtual Outcome<PublicKey> hub_key() = 0;
  virtual ConfigureAnswer configure(const InterfacePolicy& policy) = 0;

  /// Adds one peer; calls of several threads that wait at the same time become one RPC.
  virtual PeerOutcome add_peer(const WantedPeer& peer) = 0;
  virtual PeerOutcome remove_peer(const PublicKey& key) = 0;
  /// Many at once, in order, one outcome each; split into calls of 256 and sent again while deferred.
  virtual std::vector<PeerOutcome> add_peers(std::span<const WantedPeer> peers) = 0;
  virtual std::vector<PeerOutcome> remove_peers(std::span<const PublicKey> keys) = 0;

  virtual Outcome<StatusSnapshot> status() = 0;

  /// Calls changed from the helper's own thread when wg0 or its address changed, and after every (re)connect.
  /// changed must return at once. Call before first use of the rest.
  virtual void on_link_change(std::function<void()> changed) = 0;

  /// Lets every caller go, and from now on answers each at once that the helper is unreachable. For one that never
  /// blocks there is nothing to do.
  virtual void stop() {}
};

/// Talks to the socket over Cap'n Proto from a thread of its own; connects lazily, reconnects, and retries a call that
/// lost its connection once.
std::unique_ptr<Helper> connect_helper(const std::string& socket_path);

}  // namespace wghub
