#include "wgprivd/engine/device.h"

#include <algorithm>
#include <stdexcept>

#include "wgprivd/engine/kernel_netlink.h"
#include "wgprivd/engine/uapi.h"

namespace wghub {

void Dump::add_allowed_ip(const Network& allowed) {
  if (peers.empty() || !allowed.address) return;
  auto& peer = peers.back();
  const bool is_host = allowed.prefix == bits_of(allowed.address.family);
  if (is_host && take_host(peer.addresses, allowed.address)) return;
  peer.flags |= EnginePeer::kOtherAddresses;
  if (is_host) extra_hosts.emplace_back(PublicKey{peer.key}, allowed.address);
}

bool Mirror::shows(const PublicKey& key, const EngineAddresses& addresses) const {
  const auto* peer = find(key);
  return peer != nullptr && *peer == Peer{addresses};
}

void Mirror::apply(const PeerChange& change) {
  if (change.kind == PeerChange::Kind::remove) erase(change.key);
  if (change.kind == PeerChange::Kind::set) put(change.key, {change.addresses});
}

void Mirror::put(const PublicKey& key, const Peer& peer) {
  erase(key);
  peers_[key] = peer;
  for (const auto& host : hosts_of(peer.addresses)) {
    if (host) holders_[host] = key;
  }
}

void Mirror::erase(const PublicKey& key) {
  const auto* peer = find(key);
  if (peer == nullptr) return;
  if (peer->has_others) {  // set by hand, so rare enough to search
    std::erase_if(holders_, [&key](const auto& held) { return held.second == key; });
  }
  for (const auto& host : hosts_of(peer->addresses)) {
    if (const auto* held_by = holder(host); held_by != nullptr && *held_by == key) holders_.erase(host);
  }
  peers_.erase(key);
}

void Mirror::load(const Dump& dump) {
  const auto is_shown = [this](const EnginePeer& peer) {
    return peer.flags == 0 && shows(PublicKey{peer.key}, peer.addresses);
  };
  if (dump.peers.size() == peers_.size() && std::ranges::all_of(dump.peers, is_shown)) return;
  peers_.clear();
  holders_.clear();
  for (const auto& peer : dump.peers) put(PublicKey{peer.key}, {peer.addresses, peer.flags != 0});
  for (const auto& [key, host] : dump.extra_hosts) holders_[host] = key;
}

std::unique_ptr<Backend> open_backend(const std::string& which, const std::string& interface) {
  auto kernel = which == "userspace" ? nullptr : open_kernel();
  if (which == "kernel" && !kernel) throw std::runtime_error("the kernel has no WireGuard");
  return kernel ? std::move(kernel) : open_uapi("/run/wireguard/" + interface + ".sock");
}

}  // namespace wghub
