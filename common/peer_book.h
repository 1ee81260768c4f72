// Peers by key, each with its addresses, and the peer of an address: no address has two. Leaves who may have which to
// its user.
#pragma once

#include <map>

#include "common/engine_record.h"
#include "common/key.h"
#include "common/lookup.h"

namespace wghub {

class PeerBook : private std::map<PublicKey, EngineAddresses> {
  using Peers = std::map<PublicKey, EngineAddresses>;

 public:
  using Peers::at;
  using Peers::begin;
  using Peers::const_iterator;
  using Peers::contains;
  using Peers::empty;
  using Peers::end;
  using Peers::find;
  using Peers::key_type;
  using Peers::mapped_type;
  using Peers::size;

  /// Whose address it is; nullptr: nobody's.
  const PublicKey* holder(const Address& address) const { return find_in(holders_, address); }

  /// Gives the peer these addresses and no others. Whoever had one of them is no longer in the book.
  void insert_or_assign(const PublicKey& key, const EngineAddresses& addresses) {
    erase(key);
    for (const auto& host : hosts_of(addresses)) {
      if (!host) continue;
      if (const auto* before = holder(host)) erase(PublicKey(*before));
      holders_.emplace(host, key);
    }
    emplace(key, addresses);
  }

  void erase(const PublicKey& key) {
    const auto found = find(key);
    if (found == end()) return;
    for (const auto& host : hosts_of(found->second)) holders_.erase(host);
    Peers::erase(found);
  }

  void clear() {
    Peers::clear();
    holders_.clear();
  }

 private:
  std::map<Address, PublicKey> holders_;
};

}  // namespace wghub
