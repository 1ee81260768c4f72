#include "tests/unit/apid/cli/doctor/healthy.h"

using namespace wghub;
using namespace wghub::cli;

TEST_CASE("WireGuardIsTheKernelsOrBesideItOrMissing") {
  auto facts = healthy_facts();
  auto& machine = facts.machine;
  machine.module_loaded = false;
  CHECK(finds(State::good, "kernel", "loads it when", facts));
  machine.module_installed = false;
  CHECK(finds(State::wrong, "kernel", "no WireGuard", facts));
  machine.userspace_runs = true;
  CHECK(finds(State::good, "kernel", "userspace", facts));
  machine.userspace_runs = false;
  machine.module_loaded.reset();
  CHECK(finds(State::unknown, "kernel", "", facts));
}

TEST_CASE("TheInterfaceIsThereUpAndHasItsAddress") {
  auto facts = healthy_facts();
  facts.machine.wg0->addresses = {*parse_address("10.8.0.2")};
  CHECK(finds(State::wrong, "interface", "not the hub's address 10.8.0.1", facts));
  facts.machine.wg0->is_up = false;
  CHECK(finds(State::wrong, "interface", "wg0 is down", facts));
  facts.machine.wg0.reset();
  CHECK(finds(State::wrong, "interface", "no wg0", facts));
}

TEST_CASE("ThePortIsWireGuardsOrAnothersOrNobodys") {
  auto facts = healthy_facts();
  facts.machine.port_users = {{"wireguard-go"}};
  CHECK(finds(State::good, "udp-port", "51820", facts));
  facts.machine.port_users = {{""}, {"openvpn"}};
  CHECK(finds(State::wrong, "udp-port", "used by openvpn", facts));
  facts.machine.port_users.clear();
  CHECK(finds(State::wrong, "udp-port", "nobody listens", facts));
}

TEST_CASE("WithoutForwardingSpokesReachTheHubAlone") {
  auto facts = healthy_facts();
  facts.machine.forwards = false;
  CHECK(finds(State::note, "forwarding", "the hub alone", facts));
  facts.machine.forwards.reset();
  CHECK(finds(State::unknown, "forwarding", "", facts));
}

TEST_CASE("AnEndpointMustBeAnAddressThatSpokesReach") {
  auto facts = healthy_facts();
  auto& found = facts.machine.endpoint_addresses;
  found = {*parse_address("198.51.100.9")};
  CHECK(finds(State::note, "endpoint", "no interface of this machine", facts));
  for (const char* text :
       {"10.0.0.5", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1"}) {
    found = {*parse_address(text)};
    CHECK(finds(State::note, "endpoint", "a private address", facts));
  }
  found = {*parse_address("10.0.0.5"), *parse_address("203.0.113.5")};
  CHECK(finds(State::good, "endpoint", "", facts));
  found.clear();
  CHECK(finds(State::wrong, "endpoint", "does not resolve", facts));
}

TEST_CASE("TheWebServerBeforeApidIsTrustedAndNobodyElse") {
  auto facts = healthy_facts();
  auto& configuration = *facts.configuration;
  configuration.trusted_proxies.clear();
  CHECK(finds(State::wrong, "proxy", "all clients for one", facts));
  configuration.listen_address = "::1";
  CHECK(finds(State::wrong, "proxy", "all clients for one", facts));
  configuration.trusted_proxies = {*parse_network("0.0.0.0/0")};
  CHECK(finds(State::wrong, "proxy", "anybody", facts));
  configuration.trusted_proxies = {*parse_network("::1/128")};
  configuration.api_base_url.clear();
  CHECK(finds(State::wrong, "proxy", "hears this machine alone", facts));
  configuration.trusted_proxies.clear();
  configuration.listen_address = "0.0.0.0";
  CHECK(finds(State::good, "proxy", "", facts));
}

TEST_CASE("TheUrlOfTheCommandsIsTriedFromHere") {
  auto facts = healthy_facts();
  facts.machine.url->outcome = UrlFact::Outcome::silent;
  facts.machine.url->said = "Timeout was reached";
  CHECK(finds(State::note, "url", "Timeout", facts));
  facts.machine.url->outcome = UrlFact::Outcome::refused_certificate;
  CHECK(finds(State::wrong, "url", "https://hub.example.net", facts));
  facts.machine.url.reset();
  CHECK(finds(State::unknown, "url", "", facts));
}

TEST_CASE("WgQuicksFileIsInTheWay") {
  auto facts = healthy_facts();
  facts.machine.wg_quick_file = true;
  CHECK(finds(State::wrong, "wg-quick", "/etc/wireguard/wg0.conf", facts));
}
