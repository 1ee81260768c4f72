// Table address_ranges: the free addresses of the network as intervals, so that taking and giving back touch one or
// two rows however large the network is (design §9). Who holds an address is said by tokens and spokes.
#pragma once

#include <cstdint>
#include <optional>

#include "apid/store/database.h"
#include "common/address.h"

namespace wghub::store {

class AddressStore {
 public:
  /// Everything that a spoke may have becomes free; drops what was there.
  void initialize(Transaction& transaction, const Network& network) const;
  /// The lowest free address, now held; nothing when none is free.
  std::optional<Address> take_lowest(Transaction& transaction) const;
  /// Whether the address was free; it is held now.
  bool take(Transaction& transaction, const Address& address) const;
  /// Makes a held address free; merges it with its neighbours. An address that is free already is a std::logic_error.
  void release(Transaction& transaction, const Address& address) const;
  /// How many are free. Costs a row for each interval. Only for IPv4.
  std::int64_t count_free(Transaction& transaction) const;
};

}  // namespace wghub::store
