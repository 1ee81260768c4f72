#include "apid/courier/reachable.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace wghub {
namespace {

// IANA's special-purpose ranges, as far as they are not global.
constexpr std::array<std::string_view, 16> kSpecial4 = {
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",       "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",    "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",  "240.0.0.0/4",    "255.255.255.255/32"};
// Of IPv6 only this is global, without what is in it for documents and tunnels.
constexpr std::string_view kGlobal6 = "2000::/3";
constexpr std::array<std::string_view, 3> kSpecial6 = {"2001::/23", "2001:db8::/32", "3fff::/20"};

struct Wrapping {
  std::string_view network;
  std::size_t offset;  // of the IPv4 address in the bytes
};
constexpr std::array<Wrapping, 3> kWrappings = {{{"::ffff:0:0/96", 12}, {"64:ff9b::/96", 12}, {"2002::/16", 2}}};

bool is_in(const Address& address, std::string_view network) { return contains(*parse_network(network), address); }

Address unwrapped(const Address& address) {
  if (address.family != Family::ipv6) return address;
  for (const auto& [network, offset] : kWrappings)
    if (is_in(address, network)) return to_address(std::span(address.bytes).subspan(offset, 4));
  return address;
}

}  // namespace

bool is_public(const Address& address) {
  const Address inner = unwrapped(address);
  const auto has_it = [&](std::string_view network) { return is_in(inner, network); };
  if (inner.family == Family::ipv4) return std::none_of(kSpecial4.begin(), kSpecial4.end(), has_it);
  return is_in(inner, kGlobal6) && std::none_of(kSpecial6.begin(), kSpecial6.end(), has_it);
}

bool is_in(const Address& address, std::span<const Network> networks) {
  const Address inner = unwrapped(address);
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return contains(network, inner) || contains(network, address); });
}

}  // namespace wghub
