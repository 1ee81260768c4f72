#include "wgprivd/engine/peer_table.h"

#include <algorithm>

namespace wghub {

std::array<Address, 2> hosts_of(const EngineAddresses& addresses) {
  std::array<Address, 2> hosts;
  std::copy(addresses.ipv4.begin(), addresses.ipv4.end(), hosts[0].bytes.begin());
  std::copy(addresses.ipv6.begin(), addresses.ipv6.end(), hosts[1].bytes.begin());
  const auto is_set = [](std::uint8_t byte) { return byte != 0; };
  if (std::any_of(hosts[0].bytes.begin(), hosts[0].bytes.end(), is_set)) hosts[0].family = Family::ipv4;
  if (std::any_of(hosts[1].bytes.begin(), hosts[1].bytes.end(), is_set)) hosts[1].family = Family::ipv6;
  return hosts;
}

std::string to_string(const EngineAddresses& addresses) {
  const auto [ipv4, ipv6] = hosts_of(addresses);
  return to_string(ipv4) + (ipv4 && ipv6 ? "," : "") + to_string(ipv6);
}

const PeerTable::Entry* PeerTable::find(const PublicKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

const PublicKey* PeerTable::holder(const Address& address) const {
  const auto found = holders_.find(address);
  return found == holders_.end() ? nullptr : &found->second;
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

bool PeerTable::shows(const EnginePeer& peer) const {
  const auto* entry = find(PublicKey{peer.key});
  return entry != nullptr && entry->addresses == peer.addresses && !entry->other_addresses && peer.flags == 0;
}

void PeerTable::load(std::span<const EnginePeer> peers, std::span<const ExtraHost> extra) {
  const bool same = peers.size() == entries_.size() && extra.empty() &&
                    std::all_of(peers.begin(), peers.end(), [this](const EnginePeer& peer) { return shows(peer); });
  if (same) return;
  entries_.clear();
  holders_.clear();
  for (const auto& peer : peers) put(PublicKey{peer.key}, {peer.addresses, peer.flags != 0});
  for (const auto& host : extra) holders_[host.address] = host.key;
}

}  // namespace wghub
