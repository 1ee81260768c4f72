#include "common/engine_record.h"

#include <algorithm>

namespace wghub {
namespace {

// clang-format off
constexpr const char* kNames[] = {
    "done", "unchanged", "deferred", "interface missing", "malformed", "key exists", "key missing", "not configured",
    "network not allowed", "network overlap", "policy mismatch", "interface exists", "invalid key", "hub key",
    "address outside", "address reserved", "address held", "replaces mismatch", "preshared key", "stale snapshot",
    "failed"};
// clang-format on

}  // namespace

const char* name_of(EngineOutcome outcome) {
  static_assert(std::size(kNames) == static_cast<std::size_t>(EngineOutcome::failed) + 1);
  return outcome <= EngineOutcome::failed ? kNames[static_cast<std::size_t>(outcome)] : "unknown";
}

std::array<Address, 2> hosts_of(const EngineAddresses& addresses) {
  const auto host = [](std::span<const std::uint8_t> bytes) {
    return std::ranges::any_of(bytes, [](auto byte) { return byte != 0; }) ? to_address(bytes) : Address();
  };
  return {host(addresses.ipv4), host(addresses.ipv6)};
}

bool take_host(EngineAddresses& addresses, const Address& host) {
  const auto bytes = to_bytes(host);
  const auto put = [&bytes](auto& place) {
    const bool is_free = std::all_of(place.begin(), place.end(), [](std::uint8_t byte) { return byte == 0; });
    if (is_free) std::copy(bytes.begin(), bytes.end(), place.begin());
    return is_free;
  };
  return host && (host.family == Family::ipv4 ? put(addresses.ipv4) : put(addresses.ipv6));
}

std::string to_string(const EngineAddresses& addresses) {
  const auto [ipv4, ipv6] = hosts_of(addresses);
  return to_string(ipv4) + (ipv4 && ipv6 ? "," : "") + to_string(ipv6);
}

Network network_of(const EnginePolicy& policy) {
  return {{static_cast<Family>(policy.family), policy.network}, policy.prefix};
}

void set_endpoint(EnginePeer& peer, const Endpoint& endpoint) {
  peer.endpoint = endpoint.address.bytes;
  peer.endpoint_family = static_cast<std::uint16_t>(endpoint.address.family);
  peer.endpoint_port = endpoint.port;
}

bool is_sound(const EngineStatusPage& page, std::size_t size) {
  const auto& reply = page.reply;
  if (size < sizeof reply || reply.version != kEngineVersion || reply.peer_count > kPeersPerPage) return false;
  return size == sizeof reply + reply.peer_count * sizeof(EnginePeer);
}

void fill_page(EngineStatusPage& page, std::span<const EnginePeer> peers, std::uint32_t cursor) {
  const auto rest = peers.subspan(std::min<std::size_t>(cursor, peers.size()));
  const auto content = rest.first(std::min<std::size_t>(rest.size(), kPeersPerPage));
  std::copy(content.begin(), content.end(), page.peers.begin());
  page.reply.peer_count = static_cast<std::uint32_t>(content.size());
  page.reply.next_cursor = cursor + page.reply.peer_count;
  page.reply.total = static_cast<std::uint32_t>(peers.size());
  if (content.size() == rest.size()) page.reply.flags |= EngineReply::kLastPage;
}

}  // namespace wghub
