#include "common/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/number.h"

namespace wghub {
namespace {

int system_family(Family family) { return family == Family::ipv4 ? AF_INET : AF_INET6; }

// Calls change(byte, mask) for every byte, mask holding the bits behind the prefix.
template <class Change>
Address with_host_bits(const Network& network, Change change) {
  Address result = network.address;
  const std::size_t length = bits_of(result.family) / 8;
  for (std::size_t i = 0; i < length; ++i) {
    const int kept = std::clamp(static_cast<int>(network.prefix) - static_cast<int>(8 * i), 0, 8);
    result.bytes[i] = change(result.bytes[i], static_cast<std::uint8_t>(0xffU >> kept));
  }
  return result;
}

Network ipv4_network(std::uint32_t number, std::uint8_t prefix) { return {from_number(number), prefix}; }

}  // namespace

Address to_address(std::span<const std::uint8_t> bytes) {
  Address address;
  if (bytes.size() != 4 && bytes.size() != 16) return address;
  address.family = bytes.size() == 4 ? Family::ipv4 : Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
  return address;
}

std::span<const std::uint8_t> to_bytes(const Address& address) {
  return std::span(address.bytes).first(bits_of(address.family) / 8U);
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  Address address;
  address.family = terminated.find(':') == std::string::npos ? Family::ipv4 : Family::ipv6;
  if (inet_pton(system_family(address.family), terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const auto digits = text.substr(slash + 1);
  unsigned prefix = 0;
  if (!address || !parse_number(digits, prefix)) return std::nullopt;
  if ((digits.size() > 1 && digits.front() == '0') || prefix > bits_of(address->family)) return std::nullopt;
  return Network{*address, static_cast<std::uint8_t>(prefix)};
}

std::string to_string(const Address& address) {
  if (!address) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(system_family(address.family), address.bytes.data(), text.data(), text.size());
  return text.data();
}

std::string to_string(const Network& network) {
  return fmt::format("{}/{}", to_string(network.address), network.prefix);
}

std::uint8_t bits_of(Family family) {
  switch (family) {
    case Family::ipv4:
      return 32;
    case Family::ipv6:
      return 128;
    case Family::none:
      return 0;
  }
  return 0;
}

Address network_address(const Network& network) {
  return with_host_bits(network, [](std::uint8_t byte, std::uint8_t mask) { return std::uint8_t(byte & ~mask); });
}

Address last_address(const Network& network) {
  return with_host_bits(network, [](std::uint8_t byte, std::uint8_t mask) { return std::uint8_t(byte | mask); });
}

bool has_host_bits(const Network& network) { return network_address(network) != network.address; }

bool contains(const Network& network, const Address& address) {
  if (address.family != network.address.family) return false;
  return network_address({address, network.prefix}) == network_address(network);
}

bool overlaps(const Network& left, const Network& right) {
  const auto& wider = left.prefix <= right.prefix ? left : right;
  const auto& narrower = left.prefix <= right.prefix ? right : left;
  return contains(wider, narrower.address);
}

Address first_host(const Network& network) {
  Address address = network_address(network);
  address.bytes[bits_of(address.family) / 8 - 1] |= 1U;
  return address;
}

bool is_spoke_address(const Network& network, const Address& address) {
  if (!contains(network, address)) return false;
  if (address == network_address(network) || address == first_host(network)) return false;
  return address.family == Family::ipv6 || address != last_address(network);
}

bool is_private(const Network& network) {
  if (network.address.family == Family::ipv6) return (network.address.bytes[0] & 0xfeU) == 0xfc && network.prefix >= 7;
  if (network.address.family != Family::ipv4) return false;
  const std::array<Network, 4> ranges = {ipv4_network(0x0a000000, 8), ipv4_network(0xac100000, 12),
                                         ipv4_network(0xc0a80000, 16), ipv4_network(0x64400000, 10)};
  return std::any_of(ranges.begin(), ranges.end(), [&](const Network& range) {
    return network.prefix >= range.prefix && contains(range, network.address);
  });
}

bool is_hub_network(const Network& network) {
  const int host_bits = bits_of(network.address.family) - network.prefix;
  return host_bits >= 2 && host_bits <= 16 && !has_host_bits(network) && is_private(network);
}

bool is_link_local(const Address& address) {
  return address.family == Family::ipv6 && address.bytes[0] == 0xfe && address.bytes[1] >> 6 == 2;
}

std::uint32_t to_number(const Address& address) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | address.bytes[i];
  return number;
}

Address from_number(std::uint32_t number) {
  Address address;
  address.family = Family::ipv4;
  for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return address;
}

}  // namespace wghub
