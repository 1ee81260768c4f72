#include "apid/http/allowed_hosts.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "apid/http/text.h"
#include "common/address.h"
#include "common/descriptor.h"

namespace wghub::http {
namespace {

bool is_port(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

std::optional<std::string> without_port(std::string_view header) {
  std::string_view host = header;
  std::string_view rest;
  if (!header.empty() && header.front() == '[') {
    const auto end = header.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = header.substr(1, end - 1);
    rest = header.substr(end + 1);
  } else if (const auto colon = header.find(':'); colon != std::string_view::npos) {
    host = header.substr(0, colon);
    rest = header.substr(colon);
  }
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
  return to_lower(host);
}

// Only an address of this machine can be bound. Asking so needs no netlink socket, which apid must not open.
bool is_of_this_machine(const Address& address) {
  if (address == Address{address.family, {}}) return false;  // the wildcard binds everywhere
  sockaddr_in6 ipv6{};
  sockaddr_in ipv4{};
  ipv6.sin6_family = AF_INET6;
  ipv4.sin_family = AF_INET;
  std::memcpy(&ipv6.sin6_addr, address.bytes.data(), sizeof ipv6.sin6_addr);
  std::memcpy(&ipv4.sin_addr, address.bytes.data(), sizeof ipv4.sin_addr);
  const bool is_ipv4 = address.family == Family::ipv4;
  const auto* name = is_ipv4 ? reinterpret_cast<const sockaddr*>(&ipv4) : reinterpret_cast<const sockaddr*>(&ipv6);
  const Descriptor probe(socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return probe && bind(probe.get(), name, is_ipv4 ? sizeof ipv4 : sizeof ipv6) == 0;
}

}  // namespace

AllowedHosts::AllowedHosts(const std::vector<std::string>& names) : names_{"localhost"} {
  for (const auto& name : names) add(name);
}

void AllowedHosts::add(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!name.empty()) names_.insert(to_lower(name));
}

bool AllowedHosts::allows(std::string_view host_header) const {
  const auto host = without_port(host_header);
  if (!host || host->empty()) return false;
  {
    const std::lock_guard lock(mutex_);
    if (names_.count(*host) != 0) return true;
  }
  const auto address = parse_address(*host);
  return address && is_of_this_machine(*address);
}

}  // namespace wghub::http
