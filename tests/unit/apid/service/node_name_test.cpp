#include "apid/service/node_name.h"

#include "tests/catch.hpp"

using namespace wghub;

TEST_CASE("A node's name is one label of a host name") {
  for (const char* good : {"pve", "pve1", "PVE-01", "a", "node_3", "9"}) CHECK(is_node_name(good));
  CHECK(is_node_name(std::string(63, 'n')));
  CHECK_FALSE(is_node_name(std::string(64, 'n')));
  for (const char* bad :
       {"", "-a", "a-", "a.b", "192.168.15.91", "a b", "$(id)", "it's", "<i>", "../x", "a\n", "\xc3\xa9"})
    CHECK_FALSE(is_node_name(bad));
}

TEST_CASE("A full host name is cut at its first dot, an address is not") {
  CHECK(node_name_of("hp2.example.com") == "hp2");
  CHECK(node_name_of("hp2") == "hp2");
  CHECK(node_name_of("hp2.") == "hp2");
  CHECK(node_name_of(".example.com").empty());
  CHECK(node_name_of("").empty());
  CHECK(node_name_of("192.168.15.91") == "192.168.15.91");
}
