// The WireGuard device as both backends (kernel netlink, userspace UAPI) show and change it, and the mirror of its
// peers. Leaves addresses, MTU and up/down to route_netlink.h, and every decision to the engine.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "common/peer_book.h"
#include "common/secret_key.h"

namespace wghub {

/// A dump. key is all zero when the device has none yet.
struct Dump {
  PublicKey key;
  std::uint16_t port = 0;
  std::vector<EnginePeer> peers;
  std::vector<std::pair<Address, PublicKey>> extra_hosts;  ///< addresses besides those in EnginePeer, set by hand

  /// Adds an allowed IP to the last peer: the first host address of a family is the peer's, all else is other.
  void add_allowed_ip(const Network& allowed) {
    if (peers.empty() || !allowed.address) return;
    const bool is_host = allowed.prefix == bits_of(allowed.address.family);
    if (is_host && take_host(peers.back().addresses, allowed.address)) return;
    peers.back().flags |= EnginePeer::kOtherAddresses;
    if (is_host) extra_hosts.emplace_back(allowed.address, PublicKey{peers.back().key});
  }
};

struct PeerChange {
  enum class Kind {
    remove,  ///< takes the peer off; one that is not there is no error
    set,     ///< the peer has these addresses and no others
    keep,    ///< the peer has these addresses among its own: changes nothing where that is so
  };
  Kind kind{};
  PublicKey key;
  EngineAddresses addresses;
};

/// One message to the device, applied as a whole.
struct DeviceChange {
  const SecretKey* private_key = nullptr;  ///< nullptr: key and port stay
  std::uint16_t port = 0;
  std::span<const PeerChange> peers;  ///< at most two
};

/// What lets an add be checked without a dump. Nothing in it is linear per peer. Of a dump in which two peers have one
/// address, which no implementation gives, the last is believed.
class Mirror {
 public:
  /// The peer's addresses, or nullptr; none when somebody gave it others besides.
  const EngineAddresses* find(const PublicKey& key) const { return find_in(peers_, key); }
  const PublicKey* holder(const Address& address) const {
    const auto* known = peers_.holder(address);
    return known != nullptr ? known : find_in(by_hand_, address);
  }

  /// Whether the peer has these addresses and no others.
  bool shows(const PublicKey& key, const EngineAddresses& addresses) const {
    const auto* found = find(key);
    return found != nullptr && *found == addresses;
  }

  void apply(const PeerChange& change) {
    if (change.kind == PeerChange::Kind::keep) return;
    // So rare that a search is good enough.
    if (shows(change.key, {})) std::erase_if(by_hand_, [&](const auto& held) { return held.second == change.key; });
    peers_.erase(change.key);
    if (change.kind == PeerChange::Kind::set) peers_.insert_or_assign(change.key, change.addresses);
  }

  /// Takes over a whole dump; cheap when nothing differs.
  void load(const Dump& dump) {
    const auto is_shown = [this](const EnginePeer& peer) {
      return peer.flags == 0 && shows(PublicKey{peer.key}, peer.addresses);
    };
    if (dump.peers.size() == peers_.size() && std::ranges::all_of(dump.peers, is_shown)) return;
    peers_.clear();
    by_hand_ = {dump.extra_hosts.begin(), dump.extra_hosts.end()};
    for (const auto& peer : dump.peers) {
      peers_.insert_or_assign(PublicKey{peer.key}, peer.flags == 0 ? peer.addresses : EngineAddresses());
      for (const auto& host : hosts_of(peer.addresses))
        if (peer.flags != 0) by_hand_.emplace(host, PublicKey{peer.key});
    }
  }

 private:
  PeerBook peers_;
  std::map<Address, PublicKey> by_hand_;  ///< all addresses of the peers that were given others besides
};

/// A WireGuard implementation. All calls name the interface by its index, so that another of its name is never touched,
/// and return 0 or an errno value: ENODEV when that is no WireGuard interface, EINTR when a dump is not whole.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual EngineBackend kind() const = 0;

  /// A descriptor whose hang-up means that the implementation is gone; -1 when it cannot go.
  virtual int life_line() const { return -1; }

  virtual int set(unsigned index, const DeviceChange& change) = 0;

  /// Replaces the content of dump; after EINTR it holds what came.
  virtual int dump(unsigned index, Dump& dump) = 0;
};

}  // namespace wghub
