#include "wgprivd/engine/netlink_uapi_device.h"

#include <algorithm>
#include <stdexcept>

#include "wgprivd/engine/kernel_netlink.h"
#include "wgprivd/engine/uapi.h"

namespace wghub {

std::array<Address, 2> hosts_of(const EngineAddresses& addresses) {
  std::array<Address, 2> hosts;
  std::copy(addresses.ipv4.begin(), addresses.ipv4.end(), hosts[0].bytes.begin());
  std::copy(addresses.ipv6.begin(), addresses.ipv6.end(), hosts[1].bytes.begin());
  if (hosts[0].bytes != Address{}.bytes) hosts[0].family = Family::ipv4;
  if (hosts[1].bytes != Address{}.bytes) hosts[1].family = Family::ipv6;
  return hosts;
}

std::string to_string(const EngineAddresses& addresses) {
  const auto [ipv4, ipv6] = hosts_of(addresses);
  return to_string(ipv4) + (ipv4 && ipv6 ? "," : "") + to_string(ipv6);
}

void DeviceState::clear() {
  key = {};
  port = 0;
  peers.clear();
  extra.clear();
}

void DeviceState::add_allowed_ip(const Network& allowed) {
  if (peers.empty() || !allowed.address) return;
  auto& peer = peers.back();
  const auto hosts = hosts_of(peer.addresses);
  const bool is_host = allowed.prefix == bits_of(allowed.address.family);
  const auto& bytes = allowed.address.bytes;
  if (is_host && allowed.address.family == Family::ipv4 && !hosts[0]) {
    std::copy_n(bytes.begin(), peer.addresses.ipv4.size(), peer.addresses.ipv4.begin());
  } else if (is_host && allowed.address.family == Family::ipv6 && !hosts[1]) {
    peer.addresses.ipv6 = bytes;
  } else {
    peer.flags |= EnginePeer::kOtherAddresses;
    if (is_host) extra.push_back({PublicKey{peer.key}, allowed.address});
  }
}

const PeerTable::Entry* PeerTable::find(const PublicKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

bool PeerTable::shows(const PublicKey& key, const EngineAddresses& addresses) const {
  const auto* entry = find(key);
  return entry != nullptr && entry->addresses == addresses && !entry->other_addresses;
}

const PublicKey* PeerTable::holder(const Address& address) const {
  const auto found = holders_.find(address);
  return found == holders_.end() ? nullptr : &found->second;
}

bool PeerTable::holds_all(const PublicKey& key, const EngineAddresses& addresses) const {
  const auto hosts = hosts_of(addresses);
  return std::all_of(hosts.begin(), hosts.end(), [&](const Address& host) {
    const auto* held_by = holder(host);
    return !host || (held_by != nullptr && *held_by == key);
  });
}

bool PeerTable::free_for(const PublicKey& key, const EngineAddresses& addresses) const {
  const auto hosts = hosts_of(addresses);
  return std::all_of(hosts.begin(), hosts.end(), [&](const Address& host) {
    const auto* held_by = holder(host);
    return held_by == nullptr || *held_by == key;
  });
}

void PeerTable::put(const PublicKey& key, const Entry& entry) {
  erase(key);
  entries_[key] = entry;
  for (const auto& host : hosts_of(entry.addresses)) {
    if (host) holders_[host] = key;
  }
}

void PeerTable::erase(const PublicKey& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.other_addresses) {  // set by hand, so rare enough to search
    std::erase_if(holders_, [&key](const auto& held) { return held.second == key; });
  }
  for (const auto& host : hosts_of(found->second.addresses)) {
    const auto held = holders_.find(host);
    if (held != holders_.end() && held->second == key) holders_.erase(held);
  }
  entries_.erase(found);
}

void PeerTable::load(std::span<const EnginePeer> peers, std::span<const ExtraHost> extra) {
  const bool same = extra.empty() && peers.size() == entries_.size() &&
                    std::all_of(peers.begin(), peers.end(), [this](const EnginePeer& peer) {
                      return peer.flags == 0 && shows(PublicKey{peer.key}, peer.addresses);
                    });
  if (same) return;
  entries_.clear();
  holders_.clear();
  for (const auto& peer : peers) put(PublicKey{peer.key}, {peer.addresses, peer.flags != 0});
  for (const auto& host : extra) holders_[host.address] = host.key;
}

std::unique_ptr<Backend> open_backend(const std::string& which, const std::string& interface, RouteNetlink& route) {
  auto kernel = std::make_unique<KernelBackend>(route);
  if (which != "userspace" && kernel->is_available()) return kernel;
  if (which == "kernel") throw std::runtime_error("the kernel has no WireGuard");
  return std::make_unique<UapiBackend>("/run/wireguard/" + interface + ".sock");
}

}  // namespace wghub
