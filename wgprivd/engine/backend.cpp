#include "wgprivd/engine/backend.h"

#include <algorithm>

namespace wghub {

void add_allowed_ip(DeviceState& state, const Network& allowed) {
  if (state.peers.empty() || !allowed.address) return;
  auto& peer = state.peers.back();
  const auto hosts = hosts_of(peer.addresses);
  const bool is_host = allowed.prefix == bits_of(allowed.address.family);
  const auto& bytes = allowed.address.bytes;
  if (is_host && allowed.address.family == Family::ipv4 && !hosts[0]) {
    std::copy_n(bytes.begin(), peer.addresses.ipv4.size(), peer.addresses.ipv4.begin());
  } else if (is_host && allowed.address.family == Family::ipv6 && !hosts[1]) {
    peer.addresses.ipv6 = bytes;
  } else {
    peer.flags |= EnginePeer::kOtherAddresses;
    if (is_host) state.extra.push_back({PublicKey{peer.key}, allowed.address});
  }
}

}  // namespace wghub
