#include "apid/http/client_address.h"

#include <netinet/in.h>

#include <cstring>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::http;

namespace {

const std::vector<Network> kProxies = {*parse_network("127.0.0.1/32"), *parse_network("10.9.0.0/16"),
                                       *parse_network("fd00::/8")};

std::string client(const char* peer, std::vector<std::string_view> forwarded) {
  return to_string(client_of(*parse_address(peer), kProxies, forwarded));
}

}  // namespace

TEST_CASE("AHeaderFromAStrangerChangesNothing") {
  CHECK(client("192.0.2.1", {"198.51.100.7"}) == "192.0.2.1");
  CHECK(to_string(client_of(*parse_address("127.0.0.1"), {}, {"198.51.100.7"})) == "127.0.0.1");
}

TEST_CASE("TheRightMostUntrustedHopIsTheClient") {
  CHECK(client("127.0.0.1", {"198.51.100.7"}) == "198.51.100.7");
  CHECK(client("127.0.0.1", {"1.1.1.1, 198.51.100.7"}) == "198.51.100.7");
  CHECK(client("127.0.0.1", {"1.1.1.1, 198.51.100.7, 10.9.0.3"}) == "198.51.100.7");
  CHECK(client("127.0.0.1", {"1.1.1.1", "198.51.100.7", "10.9.0.3,10.9.0.4"}) == "198.51.100.7");
  CHECK(client("fd00::1", {"2001:db8::5"}) == "2001:db8::5");
  CHECK(client("127.0.0.1", {"10.9.0.3"}) == "10.9.0.3");
}

TEST_CASE("HopsMayHavePortsAndMappedAddresses") {
  CHECK(client("127.0.0.1", {"198.51.100.7:4711"}) == "198.51.100.7");
  CHECK(client("127.0.0.1", {"[2001:db8::5]:4711"}) == "2001:db8::5");
  CHECK(client("127.0.0.1", {"::ffff:198.51.100.7"}) == "198.51.100.7");
}

TEST_CASE("WhatCannotBeReadEndsTheWalk") {
  CHECK(client("127.0.0.1", {"unknown"}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"1.1.1.1, , 10.9.0.3"}) == "10.9.0.3");
  CHECK(client("127.0.0.1", {""}) == "127.0.0.1");
  CHECK(client("127.0.0.1", {"[::1"}) == "127.0.0.1");
}

TEST_CASE("AMappedPeerIsAnIpv4Peer") {
  sockaddr_storage storage{};
  sockaddr_in6 mapped{};
  mapped.sin6_family = AF_INET6;
  const auto bytes = parse_address("::ffff:192.0.2.9")->bytes;
  std::memcpy(&mapped.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&storage, &mapped, sizeof mapped);
  CHECK(to_string(from_socket(storage)) == "192.0.2.9");
}

TEST_CASE("Ipv6ClientsAreCountedByTheirNetwork") {
  CHECK(counting_prefix(*parse_address("2001:db8::1")) == counting_prefix(*parse_address("2001:db8::2")));
  CHECK_FALSE(counting_prefix(*parse_address("192.0.2.1")) == counting_prefix(*parse_address("192.0.2.2")));
}
