// The part of machine_facts.h that is about addresses, ports and what answers there.
#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "apid/cli/doctor/machine_facts.h"
#include "common/number.h"

namespace wghub::cli {
namespace {

namespace fs = std::filesystem;

constexpr long kUrlSeconds = 5;

Address address_of(const sockaddr* socket) {
  if (socket == nullptr) return {};
  if (socket->sa_family == AF_INET) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&reinterpret_cast<const sockaddr_in*>(socket)->sin_addr);
    return to_address({bytes, 4});
  }
  if (socket->sa_family != AF_INET6) return {};
  return to_address({reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr.s6_addr, 16});
}

// The inodes of sockets on this port, out of one of the kernel's tables; the kernel's own have 0.
void read_inodes(const std::string& table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  const std::string ending = fmt::format(":{:04X}", port);
  std::string line;
  std::getline(file, line);  // the headings
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string field;
    std::string inode;
    for (int i = 0; i < 10 && fields >> field; ++i) {
      if (i == 1 && !field.ends_with(ending)) break;
      if (i == 9) inode = field;
    }
    if (!inode.empty()) inodes.insert(inode);
  }
}

bool holds(const fs::path& process, const std::set<std::string>& targets) {
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(process / "fd", fault)) {
    const auto target = fs::read_symlink(entry.path(), fault).string();
    if (!fault && targets.contains(target)) return true;
  }
  return false;
}

std::string name_of(const fs::path& process) {
  std::ifstream file(process / "comm");
  std::string name;
  std::getline(file, name);
  return name.empty() ? "a program" : name;
}

std::size_t forget(char* /*data*/, std::size_t size, std::size_t count, void* /*target*/) { return size * count; }

bool is_certificate_fault(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CACERT_BADFILE;
}

}  // namespace

std::vector<PortUser> users_of_port(const std::string& root, std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/udp", "/proc/net/udp6"}) read_inodes(root + table, port, inodes);
  std::vector<PortUser> users;
  if (inodes.erase("0") > 0) users.push_back({""});
  std::set<std::string> targets;
  for (const auto& inode : inodes) targets.insert("socket:[" + inode + "]");
  if (targets.empty()) return users;
  const auto before = users.size();
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator(root + "/proc", fault)) {
    std::uint32_t pid = 0;
    if (parse_number(entry.path().filename().string(), pid) && holds(entry.path(), targets))
      users.push_back({name_of(entry.path())});
  }
  if (users.size() == before) users.push_back({"a program that cannot be seen from here"});
  return users;
}

void read_network(MachineFacts& facts) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const auto* each = list; each != nullptr; each = each->ifa_next) {
    const auto address = address_of(each->ifa_addr);
    if (address) facts.addresses.push_back(address);
    if (std::strcmp(each->ifa_name, "wg0") != 0) continue;
    if (!facts.wg0) facts.wg0.emplace();
    facts.wg0->is_up = (each->ifa_flags & unsigned{IFF_UP}) != 0;
    if (address) facts.wg0->addresses.push_back(address);
  }
}

std::vector<Address> resolve(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  if (host.empty() || ::getaddrinfo(host.c_str(), nullptr, &wanted, &list) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const auto* each = list; each != nullptr; each = each->ai_next) {
    const auto address = address_of(each->ai_addr);
    if (address && std::find(addresses.begin(), addresses.end(), address) == addresses.end())
      addresses.push_back(address);
  }
  return addresses;
}

UrlFact look_at_url(const std::string& url, const std::string& certificate) {
  UrlFact fact{url};
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::string whole = url + "/api/health/live";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, whole.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https");
  set(CURLOPT_TIMEOUT, kUrlSeconds);
  set(CURLOPT_WRITEFUNCTION, forget);
  if (!certificate.empty()) {
    set(CURLOPT_CAINFO, certificate.c_str());
    set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const auto code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && status == 200) {
    fact.outcome = UrlFact::Outcome::answers;
    return fact;
  }
  if (is_certificate_fault(code)) fact.outcome = UrlFact::Outcome::refused_certificate;
  fact.said = code == CURLE_OK ? fmt::format("status {}", status) : curl_easy_strerror(code);
  return fact;
}

}  // namespace wghub::cli
