// IP addresses and networks of both families. Knows no routes and no policy.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wghub {

enum class Family : std::uint8_t { none = 0, ipv4 = 4, ipv6 = 6 };

/// One address; IPv4 uses the first four bytes, in network order, the rest are zero.
struct Address {
  Family family = Family::none;
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;
  explicit operator bool() const { return family != Family::none; }
};

/// An address with a prefix length; a network proper has no host bits set.
struct Network {
  Address address;
  std::uint8_t prefix = 0;
  auto operator<=>(const Network&) const = default;
};

/// The address of 4 or 16 bytes in network order; none when there are as many as neither family has. And back.
Address to_address(std::span<const std::uint8_t> bytes);
std::span<const std::uint8_t> to_bytes(const Address& address);

/// Reads dotted IPv4 (four decimal parts, no leading zeros) or RFC 4291 IPv6 (no zone); nothing else.
std::optional<Address> parse_address(std::string_view text);

/// Reads ADDRESS/PREFIX, prefix in plain decimal; host bits are kept (see has_host_bits).
std::optional<Network> parse_network(std::string_view text);

std::string to_string(const Address& address);
std::string to_string(const Network& network);

/// 32 or 128; 0 for no address.
std::uint8_t bits_of(Family family);

/// The address with all bits behind the prefix cleared.
Address network_address(const Network& network);

/// The address with all bits behind the prefix set: IPv4's broadcast address.
Address last_address(const Network& network);

bool has_host_bits(const Network& network);
bool contains(const Network& network, const Address& address);
bool overlaps(const Network& left, const Network& right);

/// The first host address, which the hub takes (D8).
Address first_host(const Network& network);

/// Whether an address may be given to a spoke: inside, and neither the network, the broadcast nor the hub's address.
bool is_spoke_address(const Network& network, const Address& address);

/// Whether every address of the network is private: RFC 1918, 100.64/10, or fc00::/7 (D25).
bool is_private(const Network& network);

/// Whether a hub may have this network: private, with 2 to 16 host bits (IPv4: /16 to /30), none of them set (D25).
bool is_hub_network(const Network& network);

/// Whether it is one of fe80::/10, which interfaces give themselves.
bool is_link_local(const Address& address);

/// An IPv4 address as a number, and back. Only for Family::ipv4.
std::uint32_t to_number(const Address& address);
Address from_number(std::uint32_t number);

}  // namespace wghub
