#include "proto/conversion.h"

#include <algorithm>

namespace wghub::proto {
namespace {

static_assert(static_cast<int>(Outcome::FAILED) == static_cast<int>(EngineOutcome::failed));
static_assert(static_cast<int>(Outcome::HUB_KEY) == static_cast<int>(EngineOutcome::hub_key));

// An address of either family in 16 bytes, of which its family says how many count.
capnp::Data::Reader to_data(const std::array<std::uint8_t, 16>& address, unsigned family) {
  return kj::arrayPtr(address.data(), family == 4 ? 4U : family == 6 ? 16U : 0U);
}

template <class Family>
bool from_data(capnp::Data::Reader from, std::array<std::uint8_t, 16>& to, Family& family) {
  family = from.size() == 4 ? 4 : from.size() == 16 ? 6 : 0;
  std::copy_n(from.begin(), family == 0 ? 0 : from.size(), to.begin());
  return family != 0;
}

}  // namespace

capnp::Data::Reader to_data(std::span<const std::uint8_t> bytes) {
  const bool none = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
  return kj::arrayPtr(bytes.data(), none ? 0 : bytes.size());
}

bool from_data(capnp::Data::Reader from, std::span<std::uint8_t> to) {
  if (from.size() == to.size()) std::copy(from.begin(), from.end(), to.begin());
  return from.size() == to.size();
}

bool from_optional_data(capnp::Data::Reader from, std::span<std::uint8_t> to) {
  return from.size() == 0 || from_data(from, to);
}

Outcome to_outcome(EngineOutcome outcome) { return static_cast<Outcome>(std::min(outcome, EngineOutcome::failed)); }

EngineOutcome from_outcome(Outcome outcome) { return static_cast<EngineOutcome>(std::min(outcome, Outcome::FAILED)); }

void encode(const EnginePolicy& from, Policy::Builder to) {
  to.setNetwork(to_data(from.network, from.family));
  to.setPrefix(from.prefix);
  to.setPort(from.port);
  to.setMtu(from.mtu);
}

bool decode(Policy::Reader from, EnginePolicy& to) {
  to = {.prefix = from.getPrefix(), .port = from.getPort(), .mtu = from.getMtu()};
  return from_data(from.getNetwork(), to.network, to.family);
}

void encode(const EngineRequest& from, PeerItem::Builder to) {
  to.setKey(to_data(from.key));
  to.setIpv4(to_data(from.addresses.ipv4));
  to.setIpv6(to_data(from.addresses.ipv6));
  to.setReplaces(to_data(from.replaces));
}

bool decode(PeerItem::Reader from, EngineRequest& to) {
  const auto preshared_bytes = from.getPresharedKey().size();
  if (from.getReplaces().size() != 0) to.flags |= EngineRequest::kHasReplaces;
  if (preshared_bytes != 0) to.flags |= EngineRequest::kHasPresharedKey;
  return from_data(from.getKey(), to.key) && from_optional_data(from.getIpv4(), to.addresses.ipv4) &&
         from_optional_data(from.getIpv6(), to.addresses.ipv6) && from_optional_data(from.getReplaces(), to.replaces) &&
         (preshared_bytes == 0 || preshared_bytes == 32);
}

void encode(const EnginePeer& from, PeerStatus::Builder to) {
  to.setKey(to_data(from.key));
  to.setIpv4(to_data(from.addresses.ipv4));
  to.setIpv6(to_data(from.addresses.ipv6));
  to.setOtherAddresses((from.flags & EnginePeer::kOtherAddresses) != 0);
  to.setEndpoint(to_data(from.endpoint, from.endpoint_family));
  to.setEndpointPort(from.endpoint_port);
  to.setLastHandshake(from.last_handshake);
  to.setReceivedBytes(from.received_bytes);
  to.setSentBytes(from.sent_bytes);
}

bool decode(PeerStatus::Reader from, EnginePeer& to) {
  to.flags = from.getOtherAddresses() ? EnginePeer::kOtherAddresses : 0;
  to.endpoint_port = from.getEndpointPort();
  to.last_handshake = from.getLastHandshake();
  to.received_bytes = from.getReceivedBytes();
  to.sent_bytes = from.getSentBytes();
  const bool has_endpoint = from.getEndpoint().size() != 0;
  return from_data(from.getKey(), to.key) && from_optional_data(from.getIpv4(), to.addresses.ipv4) &&
         from_optional_data(from.getIpv6(), to.addresses.ipv6) &&
         (!has_endpoint || from_data(from.getEndpoint(), to.endpoint, to.endpoint_family));
}

}  // namespace wghub::proto
