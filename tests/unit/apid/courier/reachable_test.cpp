#include "apid/courier/reachable.h"

#include <vector>

#include "tests/catch.hpp"

using namespace wghub;

TEST_CASE("Addresses of this machine, private networks and tunnels into them are not public") {
  for (const auto* const text : {"127.0.0.1",
                                 "127.8.9.1",
                                 "0.0.0.0",
                                 "10.1.2.3",
                                 "172.16.0.1",
                                 "172.31.255.255",
                                 "192.168.1.1",
                                 "100.64.0.1",
                                 "169.254.169.254",
                                 "192.0.2.1",
                                 "198.18.0.1",
                                 "224.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "fe80::1",
                                 "fc00::1",
                                 "fd12::1",
                                 "ff02::1",
                                 "::ffff:127.0.0.1",
                                 "::ffff:10.0.0.1",
                                 "64:ff9b::10.0.0.1",
                                 "2002:7f00:1::",
                                 "2001:db8::1",
                                 "2002:a00:1::1",
                                 "2001::1"}) {
    INFO(text);
    CHECK_FALSE(is_public(*parse_address(text)));
  }
}

TEST_CASE("Addresses of the internet are public") {
  for (const auto* const text : {"1.1.1.1", "9.9.9.9", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a01:4f8::1",
                                 "::ffff:9.9.9.9", "64:ff9b::9.9.9.9", "2002:909:909::1"}) {
    INFO(text);
    CHECK(is_public(*parse_address(text)));
  }
}

TEST_CASE("An allowed network has its addresses, also wrapped into IPv6") {
  const std::vector<Network> networks = {*parse_network("10.20.0.0/16"), *parse_network("fd00:1::/32")};
  CHECK(is_in(*parse_address("10.20.3.4"), networks));
  CHECK(is_in(*parse_address("::ffff:10.20.3.4"), networks));
  CHECK(is_in(*parse_address("fd00:1::7"), networks));
  CHECK_FALSE(is_in(*parse_address("10.21.0.1"), networks));
  CHECK_FALSE(is_in(*parse_address("127.0.0.1"), networks));
}
