// What both backends (kernel netlink, userspace UAPI) share: the device as a dump shows it, changes to it, and the
// mirror of its peers. Leaves addresses, MTU and up/down to RouteNetlink, and every decision to the engine.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/address.h"
#include "common/engine_record.h"
#include "common/key.h"
#include "wgprivd/engine/hub_key.h"

namespace wghub {

class RouteNetlink;

/// The addresses of a record, one per family; those not set are none.
std::array<Address, 2> hosts_of(const EngineAddresses& addresses);

/// For the log: the set addresses with a comma between.
std::string to_string(const EngineAddresses& addresses);

inline bool operator==(const EngineAddresses& left, const EngineAddresses& right) {
  return left.ipv4 == right.ipv4 && left.ipv6 == right.ipv6;
}

/// A host address that a peer has besides those in its EnginePeer; somebody set it by hand.
struct ExtraHost {
  PublicKey key;
  Address address;
};

/// A dump. key is all zero when the device has none yet.
struct DeviceState {
  PublicKey key;
  std::uint16_t port = 0;
  std::vector<EnginePeer> peers;
  std::vector<ExtraHost> extra;

  /// Empties it and keeps the room.
  void clear();

  /// Adds an allowed IP to the last peer: the first host address of a family is the peer's, all else is other.
  void add_allowed_ip(const Network& allowed);
};

/// The mirror of the interface's peers that lets an add be checked without a dump. Nothing in it is linear per peer.
class PeerTable {
 public:
  struct Entry {
    EngineAddresses addresses;
    bool other_addresses = false;  ///< has more than these
  };

  const Entry* find(const PublicKey& key) const;
  /// Whether the peer has these addresses and no others.
  bool shows(const PublicKey& key, const EngineAddresses& addresses) const;
  /// Whether the peer holds each of these addresses.
  bool holds_all(const PublicKey& key, const EngineAddresses& addresses) const;
  /// Whether nobody but this peer holds any of them.
  bool free_for(const PublicKey& key, const EngineAddresses& addresses) const;

  void put(const PublicKey& key, const Entry& entry);
  void erase(const PublicKey& key);
  /// Takes over a whole dump; cheap when nothing differs.
  void load(std::span<const EnginePeer> peers, std::span<const ExtraHost> extra);

 private:
  const PublicKey* holder(const Address& address) const;

  std::map<PublicKey, Entry> entries_;
  std::map<Address, PublicKey> holders_;
};

/// One change of a message that is applied as a whole.
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

enum class BackendOutcome {
  done,
  no_device,    ///< the interface is gone, or not a WireGuard one
  interrupted,  ///< a dump that is not whole
  failed,       ///< the log says what
};

/// A WireGuard implementation. All calls name the interface by its index, so that another of its name is never touched.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  virtual EngineBackend kind() const = 0;

  /// A descriptor whose hang-up means that the implementation is gone; -1 when it cannot go.
  virtual int life_line() const { return -1; }

  /// Makes the interface, without a key. The userspace implementation makes its own: failed.
  virtual BackendOutcome create(const std::string& interface) = 0;

  virtual BackendOutcome set_device(unsigned index, const SecretKey& private_key, std::uint16_t port) = 0;

  /// Applies up to 256 changes in one message.
  virtual BackendOutcome set_peers(unsigned index, std::span<const PeerChange> changes) = 0;

  /// Replaces the content of state; after interrupted it holds what came.
  virtual BackendOutcome dump(unsigned index, DeviceState& state) = 0;
};

/// Opens what is asked for (auto: the kernel's where it has one); route must outlive it. The userspace implementation's
/// socket is /run/wireguard/INTERFACE.sock.
/// Errors: std::runtime_error (kernel, but it has none), std::system_error (nobody at the socket).
std::unique_ptr<Backend> open_backend(const std::string& which, const std::string& interface, RouteNetlink& route);

}  // namespace wghub
