#include "apid/http/client_address.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "apid/http/text.h"
#include "common/endpoint.h"

namespace wghub::http {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Address unmapped(const Address& address) {
  if (address.family != Family::ipv6 || !std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin()))
    return address;
  Address result;
  result.family = Family::ipv4;
  std::copy_n(address.bytes.begin() + kMapped.size(), 4, result.bytes.begin());
  return result;
}

// Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
std::optional<Address> parse_hop(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    text = end == std::string_view::npos ? std::string_view{} : text.substr(1, end - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  const auto address = parse_address(text);
  if (!address) return std::nullopt;
  return unmapped(*address);
}

bool is_trusted(const Address& address, const std::vector<Network>& proxies) {
  return std::any_of(proxies.begin(), proxies.end(),
                     [&](const Network& network) { return contains(network, address); });
}

}  // namespace

Address from_socket(const sockaddr_storage& peer) { return unmapped(to_endpoint(peer).address); }

Address client_of(const Address& peer, const std::vector<Network>& trusted_proxies,
                  const std::vector<std::string_view>& forwarded) {
  Address client = peer;
  for (auto value = forwarded.rbegin(); value != forwarded.rend(); ++value) {
    const auto hops = split(*value, ',');
    for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
      if (!is_trusted(client, trusted_proxies)) return client;
      const auto next = parse_hop(*hop);
      if (!next) return client;
      client = *next;
    }
  }
  return client;
}

Address counting_prefix(const Address& address) {
  return address.family == Family::ipv6 ? network_address({address, 64}) : address;
}

}  // namespace wghub::http
