#include "apid/endpoint/texts.h"

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::endpoint;

namespace {

std::string repeated(const char* text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("A name has 1 to 64 characters, whatever their bytes") {
  for (const auto& good : {std::string("x"), repeated("x", 64), repeated("\xf0\x9f\xa6\x80", 64), std::string(" a "),
                           std::string("Zo\xc3\xab"), std::string("-rf /")})
    CHECK(is_display_name(good));
  for (const auto& bad : {std::string(), repeated("x", 65), repeated("\xc3\xa9", 65)})
    CHECK_FALSE(is_display_name(bad));
}

TEST_CASE("A name has neither controls nor marks that turn the direction of text, and is not blank") {
  for (const char* bad : {"a\nb", "a\tb", "\x7f", "\xc2\x85", "\xc2\x9f", "\xe2\x80\xa8", "\xe2\x80\xa9",
                          "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6",
                          "\xe2\x81\xa9", "\xd8\x9c", " ", "\xc2\xa0", "\xe3\x80\x80 ", "\xe2\x80\x8b", "\xef\xbb\xbf"})
    CHECK_FALSE(is_display_name(bad));
  CHECK_FALSE(is_display_name(std::string("a\0b", 3)));
  CHECK(is_display_name("a\xc2\xa0"));
}

TEST_CASE("An endpoint is a name, an IPv4 address or an IPv6 address in brackets, and a port") {
  for (const char* good : {"a:1", "vpn.example.com:51820", "A-b.c:65535", "1.2.3.4:1", "[::1]:1", "[2001:db8::1]:51820",
                           "xn--mnchen-3ya.de:1", "4you.example:1"})
    CHECK(is_endpoint(good));
  for (const char* bad : {"",
                          ":",
                          ":1",
                          "a",
                          "a:",
                          "a:0",
                          "a:01",
                          "a:65536",
                          "a:99999999999",
                          "a:-1",
                          "a:+1",
                          "a: 1",
                          "a:1 ",
                          "a b:1",
                          "a_b:1",
                          "-a:1",
                          "a-:1",
                          "a..b:1",
                          ".a:1",
                          "a.:1",
                          "1.2.3:1",
                          "1.2.3.256:1",
                          "01.2.3.4:1",
                          "1:2:3",
                          "::1:1",
                          "[::1]",
                          "[]:1",
                          "[1.2.3.4]:1",
                          "[::1%eth0]:1",
                          "[::g]:1",
                          "a/b:1",
                          "a'b:1",
                          "$(x):1",
                          "a\n:1",
                          "\xc3\xa4:1"})
    CHECK_FALSE(is_endpoint(bad));
  CHECK(is_endpoint(std::string(63, 'a') + ":1"));
  CHECK_FALSE(is_endpoint(std::string(64, 'a') + ":1"));
  CHECK_FALSE(is_endpoint(repeated("aaaaaaa.", 32) + "a:1"));
}

TEST_CASE("A hub's network is private IPv4 of /16 to /30 without host bits") {
  for (const char* good : {"10.0.0.0/16", "10.0.1.0/24", "172.16.0.0/16", "172.31.255.0/24", "192.168.0.0/16",
                           "192.168.1.4/30", "100.64.0.0/16", "100.127.255.0/24"})
    CHECK(parse_hub_network(good));
  for (const char* bad : {"",
                          "10.0.0.0",
                          "10.0.0.0/8",
                          "10.0.0.0/15",
                          "10.0.0.0/31",
                          "10.0.0.0/32",
                          "10.0.0.1/24",
                          "11.0.0.0/16",
                          "172.32.0.0/16",
                          "172.15.0.0/16",
                          "192.169.0.0/16",
                          "100.128.0.0/16",
                          "100.63.0.0/16",
                          "127.0.0.0/16",
                          "169.254.0.0/16",
                          "224.0.0.0/16",
                          "0.0.0.0/16",
                          "fd00::/64",
                          "10.0.0.0/024",
                          "10.0.0.0/+24",
                          " 10.0.0.0/24",
                          "10.0.0.0/24\n"})
    CHECK_FALSE(parse_hub_network(bad));
}

TEST_CASE("A custom address is bare or has a network's prefix") {
  CHECK(parse_custom_address("10.0.0.5")->prefix == 32);
  CHECK(parse_custom_address("10.0.0.5/24")->prefix == 24);
  for (const char* bad : {"", "x", "10.0.0", "10.0.0.5/", "10.0.0.5/32", "10.0.0.5/33", "10.0.0.5/-1", "010.0.0.5",
                          " 10.0.0.5", "10.0.0.5 ", "fd00::5/128"})
    CHECK_FALSE(parse_custom_address(bad));
}

TEST_CASE("A platform is one of four words exactly") {
  for (const char* good : {"linux", "macos", "windows", "proxmox"}) CHECK(parse_platform(good));
  for (const char* bad : {"", "Linux", "linux ", "darwin", "linu", "linuxx"}) CHECK_FALSE(parse_platform(bad));
}
