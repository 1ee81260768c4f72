// What every dump of peers must be, wherever it was read from, so that the engine's mirror can rest on it.
#pragma once

#include <algorithm>
#include <map>

#include "tests/fuzz/fuzz.h"
#include "wgprivd/engine/device.h"

namespace wghub::fuzz {

inline void check(const Dump& dump) {
  std::map<PublicKey, int> times;
  std::map<Address, int> holders;
  for (const auto& peer : dump.peers) {
    ++times[PublicKey{peer.key}];
    claim((peer.flags & ~EnginePeer::kOtherAddresses) == 0, "a peer has no flag but kOtherAddresses");
    claim(peer.endpoint_family == 0 || peer.endpoint_family == 4 || peer.endpoint_family == 6, "an endpoint's family");
    for (const auto& host : hosts_of(peer.addresses))
      if (host) ++holders[host];
  }
  for (const auto& [host, key] : dump.extra_hosts) {
    claim(times.contains(key), "an address set by hand belongs to a peer of the dump");
    ++holders[host];
  }
  Mirror mirror;
  mirror.load(dump);
  // Of a dump in which a peer or an address is there twice, which no implementation gives, the mirror believes the
  // last.
  const auto is_once = [](const auto& counted) { return counted.second == 1; };
  if (!std::ranges::all_of(times, is_once) || !std::ranges::all_of(holders, is_once)) return;
  for (const auto& peer : dump.peers) {
    const PublicKey key{peer.key};
    claim(mirror.find(key) != nullptr, "the mirror has every peer of a dump");
    claim(mirror.shows(key, peer.flags == 0 ? peer.addresses : EngineAddresses()), "and as it is");
  }
  for (const auto& [host, count] : holders) claim(mirror.holder(host) != nullptr, "the mirror knows who holds what");
}

}  // namespace wghub::fuzz
