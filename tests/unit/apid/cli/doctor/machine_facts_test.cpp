#include "apid/cli/doctor/machine_facts.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <algorithm>
#include <fstream>

#include "common/descriptor.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/http/temporary_directory.h"

using namespace wghub;
using namespace wghub::cli;

namespace {

// A root of files that a test writes.
struct Root {
  http::TemporaryDirectory folder;

  const std::string& path() const { return folder.path(); }
  void write(const std::string& file, const std::string& text = "") const {
    std::filesystem::create_directories(std::filesystem::path(path() + file).parent_path());
    std::ofstream(path() + file) << text;
  }
  void link(const std::string& file, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(path() + file).parent_path());
    std::filesystem::create_symlink(target, path() + file);
  }
};

constexpr auto kUdp =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
    "drops\n"
    "  100: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 {} 2 0000 0\n"
    "  101: 00000000:CA6D 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 555 2 0000 0\n";

std::string udp_table(const std::string& inode) {
  std::string text = kUdp;
  return text.replace(text.find("{}"), 2, inode);
}

}  // namespace

TEST_CASE("ForwardingIsReadAsTheKernelSaysIt") {
  const Root root;
  CHECK_FALSE(read_forwarding(root.path()));
  root.write("/proc/sys/net/ipv4/ip_forward", "1\n");
  CHECK(read_forwarding(root.path()) == true);
  root.write("/proc/sys/net/ipv4/ip_forward", "0\n");
  CHECK(read_forwarding(root.path()) == false);
}

TEST_CASE("TheKernelsWireGuardIsSeenLoadedInstalledOrBesideIt") {
  const Root root;
  MachineFacts facts;
  read_kernel(facts, root.path());
  CHECK_FALSE(facts.module_loaded);
  CHECK_FALSE(facts.module_installed);
  utsname system{};
  uname(&system);
  root.write(std::string("/lib/modules/") + system.release + "/kernel/drivers/net/wireguard/wireguard.ko.xz");
  root.write("/sys/module/other/x");
  read_kernel(facts, root.path());
  CHECK(facts.module_loaded == false);
  CHECK(facts.module_installed);
  CHECK_FALSE(facts.userspace_runs);
  root.write("/sys/module/wireguard/x");
  root.write("/run/wireguard/wg0.sock");
  read_kernel(facts, root.path());
  CHECK(facts.module_loaded == true);
  CHECK(facts.userspace_runs);
}

TEST_CASE("APortsUsersAreFoundByTheirSockets") {
  const Root root;
  CHECK(users_of_port(root.path(), 51820).empty());
  root.write("/proc/net/udp", udp_table("0"));
  REQUIRE(users_of_port(root.path(), 51820).size() == 1);
  CHECK(users_of_port(root.path(), 51820).front().program.empty());
  root.write("/proc/net/udp", udp_table("12345"));
  CHECK(users_of_port(root.path(), 51820).front().program == "a program that cannot be seen from here");
  root.link("/proc/77/fd/3", "socket:[12345]");
  root.write("/proc/77/comm", "openvpn\n");
  root.link("/proc/78/fd/3", "socket:[555]");
  REQUIRE(users_of_port(root.path(), 51820).size() == 1);
  CHECK(users_of_port(root.path(), 51820).front().program == "openvpn");
  CHECK(users_of_port(root.path(), 51822).empty());
}

TEST_CASE("APortOfThisVeryProgramIsFoundOnTheRealMachine") {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t size = sizeof address;
  REQUIRE(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const auto users = users_of_port("", ntohs(address.sin_port));
  REQUIRE(users.size() == 1);
  CHECK(users.front().program == "unit_tests");
}

TEST_CASE("UnitsAreInstalledAndEnabledByTheirLinks") {
  const Root root;
  root.write("/usr/lib/systemd/system/wireguard-hub-api.service");
  root.write("/usr/lib/systemd/system/wireguard-hub-restore.service");
  root.link("/etc/systemd/system/multi-user.target.wants/wireguard-hub-api.service",
            "/usr/lib/systemd/system/wireguard-hub-api.service");
  for (const auto& unit : read_units(root.path())) {
    CHECK(unit.is_enabled == (unit.name == "wireguard-hub-api.service"));
    CHECK(unit.is_installed == (unit.is_enabled || unit.name == "wireguard-hub-restore.service"));
  }
}

TEST_CASE("AFilesModeAndOwnerAreRead") {
  const Root root;
  root.write("/key");
  std::filesystem::permissions(root.path() + "/key", std::filesystem::perms(0640));
  const auto file = look_at_file(root.path() + "/key", 0077, "nobody");
  CHECK(file.is_there);
  CHECK(file.mode == 0640);
  CHECK((file.mode & file.forbidden) == 040);
  CHECK_FALSE(file.owner.empty());
  CHECK_FALSE(look_at_file(root.path() + "/other", 0, "").is_there);
  CHECK(look_at_disk(root.path())->all_bytes > 0);
  CHECK_FALSE(look_at_disk(root.path() + "/nothing"));
}

TEST_CASE("ALiteralResolvesToItself") {
  CHECK(resolve("192.0.2.7") == std::vector<Address>{*parse_address("192.0.2.7")});
  CHECK(resolve("2001:db8::7") == std::vector<Address>{*parse_address("2001:db8::7")});
  CHECK(resolve("").empty());
  const auto own = resolve("localhost");
  CHECK(std::find(own.begin(), own.end(), *parse_address("127.0.0.1")) != own.end());
}

TEST_CASE("WhatIsNoCertificateIsNotReadAsOne") {
  const Root root;
  root.write("/certificate.pem", "nonsense");
  CHECK_FALSE(look_at_certificate(root.path() + "/certificate.pem", "hub").is_readable);
  CHECK_FALSE(look_at_certificate(root.path() + "/absent.pem", "hub").is_readable);
}

TEST_CASE("AUrlThatNobodyServesIsSilent") {
  const auto fact = look_at_url("https://127.0.0.1:1", "");
  CHECK(fact.outcome == UrlFact::Outcome::silent);
  CHECK_FALSE(fact.said.empty());
}
