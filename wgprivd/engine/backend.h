// What the engine needs of a WireGuard implementation: the kernel's, or one in user space.
// Leaves addresses, MTU and up/down to RouteNetlink, and every decision to the engine.
#pragma once

#include <span>
#include <vector>

#include "common/engine_record.h"
#include "common/key.h"
#include "wgprivd/engine/hub_key.h"
#include "wgprivd/engine/peer_table.h"

namespace wghub {

enum class BackendOutcome {
  done,
  no_device,    ///< the interface is gone, or not a WireGuard one
  interrupted,  ///< a dump that is not whole
  failed,       ///< the log says what
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

/// A dump. key is all zero when the device has none yet.
struct DeviceState {
  PublicKey key;
  std::uint16_t port = 0;
  std::vector<EnginePeer> peers;
  std::vector<ExtraHost> extra;
};

/// All calls name the interface by its index, so that another of the same name is never touched.
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

/// Adds one allowed IP of a dump to its peer: the first host address of a family is the peer's, all else is other.
void add_allowed_ip(DeviceState& state, const Network& allowed);

}  // namespace wghub
