#include "common/address.h"

#include "tests/catch.hpp"

using namespace wghub;

namespace {
Network network(const char* text) { return parse_network(text).value(); }
Address address(const char* text) { return parse_address(text).value(); }
}  // namespace

TEST_CASE("ReadsOnlyCanonicalAddresses") {
  CHECK(to_string(address("10.0.1.5")) == "10.0.1.5");
  CHECK(to_string(address("fd00::1")) == "fd00::1");
  for (const char* bad :
       {"", "10.0.1", "10.0.1.256", "010.0.1.1", " 10.0.1.1", "10.0.1.1 ", "fe80::1%eth0", "1.2.3.4.5"})
    CHECK_FALSE(parse_address(bad));
}

TEST_CASE("ReadsPrefixesInPlainDecimal") {
  CHECK(to_string(network("10.0.1.0/24")) == "10.0.1.0/24");
  for (const char* bad : {"10.0.1.0", "10.0.1.0/", "10.0.1.0/33", "10.0.1.0/024", "10.0.1.0/-1", "10.0.1.0/+4", "/24"})
    CHECK_FALSE(parse_network(bad));
}

TEST_CASE("FindsTheEndsOfANetwork") {
  CHECK(to_string(network_address(network("10.0.1.77/26"))) == "10.0.1.64");
  CHECK(to_string(last_address(network("10.0.1.77/26"))) == "10.0.1.127");
  CHECK(to_string(first_host(network("10.0.0.0/16"))) == "10.0.0.1");
  CHECK(has_host_bits(network("10.0.1.1/24")));
  CHECK_FALSE(has_host_bits(network("10.0.1.0/24")));
}

TEST_CASE("GivesSpokesNeitherTheHubsNorTheOuterAddresses") {
  const auto net = network("10.0.1.0/24");
  CHECK(is_spoke_address(net, address("10.0.1.2")));
  CHECK(is_spoke_address(net, address("10.0.1.254")));
  for (const char* bad : {"10.0.1.0", "10.0.1.1", "10.0.1.255", "10.0.2.2", "fd00::2"})
    CHECK_FALSE(is_spoke_address(net, address(bad)));
}

TEST_CASE("SeesOverlapsBothWays") {
  CHECK(overlaps(network("10.0.0.0/16"), network("10.0.1.0/24")));
  CHECK(overlaps(network("10.0.1.0/24"), network("10.0.0.0/16")));
  CHECK(overlaps(network("0.0.0.0/0"), network("10.0.0.0/16")));
  CHECK_FALSE(overlaps(network("10.0.1.0/24"), network("10.0.2.0/24")));
  CHECK_FALSE(overlaps(network("10.0.1.0/24"), network("::/0")));
}

TEST_CASE("KnowsThePrivateRangesToTheirEdges") {
  for (const char* good :
       {"10.0.0.0/8", "172.16.0.0/12", "172.31.255.0/24", "192.168.0.0/16", "100.64.0.0/10", "fd00::/48"})
    CHECK(is_private(network(good)));
  for (const char* bad :
       {"10.0.0.0/7", "172.32.0.0/16", "172.0.0.0/8", "192.169.0.0/16", "100.128.0.0/16", "8.8.8.0/24", "fe80::/10"})
    CHECK_FALSE(is_private(network(bad)));
}

TEST_CASE("TurnsIpv4AddressesIntoNumbersAndBack") {
  CHECK(to_number(address("10.0.1.5")) == 0x0a000105U);
  CHECK(to_string(from_number(0x0a000105U)) == "10.0.1.5");
}
