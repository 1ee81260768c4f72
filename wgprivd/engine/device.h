// The WireGuard device as both backends (kernel netlink, userspace UAPI) show and change it, and the mirror of its
// peers. Leaves addresses, MTU and up/down to RouteNetlink, and every decision to the engine.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "common/engine_record.h"
#include "common/lookup.h"
#include "common/secret_key.h"

namespace wghub {

/// A dump. key is all zero when the device has none yet.
struct Dump {
  PublicKey key;
  std::uint16_t port = 0;
  std::vector<EnginePeer> peers;
  std::vector<std::pair<PublicKey, Address>> extra_hosts;  ///< addresses besides those in EnginePeer, set by hand

  /// Adds an allowed IP to the last peer: the first host address of a family is the peer's, all else is other.
  void add_allowed_ip(const Network& allowed);
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

/// What lets an add be checked without a dump. Nothing in it is linear per peer.
class Mirror {
 public:
  struct Peer {
    EngineAddresses addresses;
    bool has_others = false;  ///< somebody gave it more than these
    bool operator==(const Peer&) const = default;
  };

  const Peer* find(const PublicKey& key) const { return find_in(peers_, key); }
  const PublicKey* holder(const Address& address) const { return find_in(holders_, address); }
  /// Whether the peer has these addresses and no others.
  bool shows(const PublicKey& key, const EngineAddresses& addresses) const;

  void apply(const PeerChange& change);
  /// Takes over a whole dump; cheap when nothing differs.
  void load(const Dump& dump);

 private:
  void put(const PublicKey& key, const Peer& peer);
  void erase(const PublicKey& key);

  std::map<PublicKey, Peer> peers_;
  std::map<Address, PublicKey> holders_;
};

/// A WireGuard implementation. All calls name the interface by its index, so that another of its name is never touched,
/// and return 0 or an errno value, logged where it is another than ENODEV (no such WireGuard interface) or EINTR (the
/// dump is not whole).
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  virtual EngineBackend kind() const = 0;

  /// A descriptor whose hang-up means that the implementation is gone; -1 when it cannot go.
  virtual int life_line() const { return -1; }

  virtual int set(unsigned index, const DeviceChange& change) = 0;

  /// Replaces the content of dump; after EINTR it holds what came.
  virtual int dump(unsigned index, Dump& dump) = 0;
};

/// Opens what is asked for (auto: the kernel's where it has one). The userspace implementation's socket is
/// /run/wireguard/INTERFACE.sock.
/// Errors: std::runtime_error (kernel, but it has none), std::system_error (nobody at the socket).
std::unique_ptr<Backend> open_backend(const std::string& which, const std::string& interface);

}  // namespace wghub
