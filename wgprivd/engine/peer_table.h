// Which peer holds which address, as the interface last told or we last set. Leaves what is allowed to policy.h.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "common/address.h"
#include "common/engine_record.h"
#include "common/key.h"

namespace wghub {

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

/// The mirror of the interface's peers that lets an add be checked without a dump. Nothing in it is linear per peer.
class PeerTable {
 public:
  struct Entry {
    EngineAddresses addresses;
    bool other_addresses = false;  ///< has more than these
  };

  const Entry* find(const PublicKey& key) const;
  /// The peer that has this very host address, or nullptr.
  const PublicKey* holder(const Address& address) const;

  void put(const PublicKey& key, const Entry& entry);
  void erase(const PublicKey& key);
  /// Takes over a whole dump; cheap when nothing differs.
  void load(std::span<const EnginePeer> peers, std::span<const ExtraHost> extra);
  std::size_t size() const { return entries_.size(); }

 private:
  bool shows(const EnginePeer& peer) const;

  std::map<PublicKey, Entry> entries_;
  std::map<Address, PublicKey> holders_;
};

}  // namespace wghub
