#include "common/endpoint.h"

#include <netinet/in.h>

#include <cstring>

#include "common/number.h"

namespace wghub {

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), endpoint.port)) return std::nullopt;
  text = text.substr(0, colon);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const auto address = parse_address(text);
  if (!address) return std::nullopt;
  endpoint.address = *address;
  return endpoint;
}

Endpoint to_endpoint(const sockaddr_storage& address) {
  Endpoint endpoint;
  if (address.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    endpoint = {{Family::ipv4, {}}, ntohs(ipv4.sin_port)};
    std::memcpy(endpoint.address.bytes.data(), &ipv4.sin_addr, sizeof ipv4.sin_addr);
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    endpoint = {{Family::ipv6, {}}, ntohs(ipv6.sin6_port)};
    std::memcpy(endpoint.address.bytes.data(), &ipv6.sin6_addr, sizeof ipv6.sin6_addr);
  }
  return endpoint;
}

}  // namespace wghub
