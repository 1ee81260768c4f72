#include "apid/http/allowed_hosts.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "apid/http/client_address.h"
#include "apid/http/text.h"

namespace wghub::http {
namespace {

constexpr std::chrono::seconds kReadAgain{1};

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

}  // namespace

AllowedHosts::AllowedHosts(const std::vector<std::string>& names) : names_{"localhost"} {
  for (const auto& name : names) add(name);
  read_machine_addresses();
}

void AllowedHosts::add(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!name.empty()) names_.insert(to_lower(name));
}

bool AllowedHosts::allows(std::string_view host_header) {
  const auto host = without_port(host_header);
  if (!host || host->empty()) return false;
  const std::lock_guard lock(mutex_);
  if (is_known(*host)) return true;
  // An address may have come since; names need no second look, and a flood of wrong ones must stay cheap.
  if (!parse_address(*host) || std::chrono::steady_clock::now() - read_at_ < kReadAgain) return false;
  read_machine_addresses();
  return is_known(*host);
}

bool AllowedHosts::is_known(const std::string& host) const {
  if (names_.count(host) != 0) return true;
  const auto address = parse_address(host);
  return address && machine_.count(*address) != 0;
}

void AllowedHosts::read_machine_addresses() {
  read_at_ = std::chrono::steady_clock::now();
  std::set<Address> found{*parse_address("127.0.0.1"), *parse_address("::1")};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) == 0) {
    for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
      if (entry->ifa_addr == nullptr) continue;
      const auto family = entry->ifa_addr->sa_family;
      if (family != AF_INET && family != AF_INET6) continue;
      sockaddr_storage storage{};
      std::memcpy(&storage, entry->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
      found.insert(from_socket(storage));
    }
    freeifaddrs(list);
  }
  machine_ = std::move(found);
}

}  // namespace wghub::http
