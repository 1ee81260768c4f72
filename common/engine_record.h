// The fixed-size records between the helper's front and its engine (SOCK_SEQPACKET, one record a message).
// Shapes only: the front fills them from Cap'n Proto, the engine trusts no field of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "common/address.h"
#include "common/endpoint.h"

namespace wghub {

inline constexpr std::uint32_t kEngineVersion = 1;
inline constexpr std::uint32_t kPeersPerPage = 256;

enum class EngineOperation : std::uint32_t {
  hello = 1,         ///< what the engine is and has
  generate_key = 2,  ///< makes and seals the hub's key; only when none exists
  configure = 3,     ///< network, port, mtu: accepts them as policy or compares, then brings the interface up
  add_peer = 4,      ///< key, addresses, optional replaces
  remove_peer = 5,   ///< key
  status = 6,        ///< cursor 0 takes a dump, others read pages of the snapshot
  link_changed = 7,  ///< engine to front only, id 0: wg0 or its address appeared, vanished or changed
};

/// What became of a request; the same words as Outcome in proto/wgprivd.capnp, in the same order.
enum class EngineOutcome : std::uint32_t {
  done = 0,
  unchanged = 1,            ///< it was so already
  deferred = 2,             ///< not tried, send again (made by the front)
  interface_missing = 3,    ///< no wg0, or not ours any more: configure first
  malformed = 4,            ///< wrong size, version, operation or flag
  key_exists = 5,           ///< generateKey: there is one already
  key_missing = 6,          ///< generateKey was never called
  not_configured = 7,       ///< no policy yet
  network_not_allowed = 8,  ///< not private, host bits, or not /16 to /30
  network_overlap = 9,      ///< overlaps an address or route of the host
  policy_mismatch = 10,     ///< fixed since the first peer; the answer carries the policy
  interface_exists = 11,    ///< a wg0 whose public key is not ours
  invalid_key = 12,         ///< bit 255, at or above p, or of low order
  hub_key = 13,             ///< the hub's own key
  address_outside = 14,     ///< not in the policy's network, or of a family it has not
  address_reserved = 15,    ///< the hub's, the network's or the broadcast address
  address_held = 16,        ///< another peer has it
  replaces_mismatch = 17,   ///< the named key does not hold this address
  preshared_key = 18,       ///< reserved (D28)
  stale_snapshot = 19,      ///< a page of a replaced snapshot
  failed = 20,              ///< the kernel or the disk said no; the engine's log says what
};

/// For logs and audit: the word with spaces.
const char* name_of(EngineOutcome outcome);

enum class EngineBackend : std::uint32_t { kernel = 1, userspace = 2 };

/// One address per family; all zero means none of that family.
struct EngineAddresses {
  std::array<std::uint8_t, 4> ipv4{};
  std::array<std::uint8_t, 16> ipv6{};
  bool operator==(const EngineAddresses&) const = default;
};

/// The addresses, one per family; those not set are none. And for the log, with a comma between.
std::array<Address, 2> hosts_of(const EngineAddresses& addresses);
std::string to_string(const EngineAddresses& addresses);

/// Sets the address of the host's family; false when there is one already.
bool take_host(EngineAddresses& addresses, const Address& host);

/// The interface as the hub wants it. Units: mtu in bytes.
struct EnginePolicy {
  std::array<std::uint8_t, 16> network{};  ///< network address, IPv4 in the first four bytes
  std::uint8_t family = 0;                 ///< 4 or 6, as in Family
  std::uint8_t prefix = 0;
  std::uint16_t port = 0;
  std::uint32_t mtu = 0;
  bool operator==(const EnginePolicy&) const = default;
};

/// The network of a policy; only as sound as the policy.
Network network_of(const EnginePolicy& policy);

/// A call. Fields that the operation does not name are zero; a set bit that it does not know is malformed.
struct EngineRequest {
  static constexpr std::uint32_t kHasReplaces = 1;
  static constexpr std::uint32_t kHasPresharedKey = 2;

  std::uint32_t version = kEngineVersion;
  EngineOperation operation{};
  std::uint64_t id = 0;  ///< chosen by the caller, repeated in the reply
  std::array<std::uint8_t, 32> key{};
  std::array<std::uint8_t, 32> replaces{};
  EngineAddresses addresses;
  std::uint32_t flags = 0;
  EnginePolicy policy;
  std::uint64_t snapshot = 0;
  std::uint32_t cursor = 0;
  std::uint32_t reserved = 0;
};

/// One peer of a status page. Units: seconds since the epoch (0: never), bytes.
struct EnginePeer {
  static constexpr std::uint32_t kOtherAddresses = 1;  ///< has allowed IPs besides one host address per family

  std::array<std::uint8_t, 32> key{};
  EngineAddresses addresses;
  std::uint32_t flags = 0;
  std::array<std::uint8_t, 16> endpoint{};
  std::uint16_t endpoint_family = 0;  ///< 0: none, 4, 6
  std::uint16_t endpoint_port = 0;
  std::uint32_t reserved = 0;
  std::int64_t last_handshake = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
};

void set_endpoint(EnginePeer& peer, const Endpoint& endpoint);

/// The answer to every operation. A status answer is followed by its page: see EngineStatusPage.
struct EngineReply {
  static constexpr std::uint32_t kHasKey = 1;       ///< hub_key is set
  static constexpr std::uint32_t kHasPolicy = 2;    ///< policy and policy_digest are set
  static constexpr std::uint32_t kInterfaceUp = 4;  ///< the interface is there, ours, with address, and up
  static constexpr std::uint32_t kCreated = 8;      ///< configure made the interface anew
  static constexpr std::uint32_t kLastPage = 16;
  static constexpr std::uint32_t kComplete = 32;  ///< the dump behind the snapshot was whole

  std::uint32_t version = kEngineVersion;
  EngineOperation operation{};
  std::uint64_t id = 0;
  EngineOutcome outcome{};
  EngineBackend backend{};
  std::array<std::uint8_t, 32> hub_key{};
  std::array<std::uint8_t, 32> policy_digest{};  ///< SHA-256 over the policy's fields
  EnginePolicy policy;
  std::uint32_t flags = 0;
  std::uint32_t peer_count = 0;  ///< peers in this page
  std::uint64_t link_generation = 0;
  std::uint64_t snapshot = 0;
  std::uint32_t next_cursor = 0;
  std::uint32_t total = 0;  ///< peers in the snapshot
};

struct EngineStatusPage {
  EngineReply reply;
  std::array<EnginePeer, kPeersPerPage> peers;
};

/// Whether size bytes are a reply of our version, with as many peers as it says.
bool is_sound(const EngineStatusPage& page, std::size_t size);

/// Copies the page at cursor of a snapshot of all these peers, with counts, next cursor and kLastPage.
void fill_page(EngineStatusPage& page, std::span<const EnginePeer> peers, std::uint32_t cursor);

static_assert(std::is_trivially_copyable_v<EngineRequest> && sizeof(EngineRequest) == 144);
static_assert(std::is_trivially_copyable_v<EngineReply> && sizeof(EngineReply) == 144);
static_assert(std::is_trivially_copyable_v<EngineStatusPage> && sizeof(EnginePeer) == 104);
static_assert(std::has_unique_object_representations_v<EngineRequest>, "no padding that could carry old memory");
static_assert(std::has_unique_object_representations_v<EngineStatusPage>);

}  // namespace wghub
