// Facts of a hub of which every check says good, for tests to spoil one at a time.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "apid/cli/doctor/checks.h"
#include "tests/catch.hpp"

namespace wghub::cli {

inline Facts healthy_facts() {
  Facts facts;
  facts.configuration_path = "/etc/wireguard-hub/apid.toml";
  facts.configuration.emplace();
  facts.configuration->api_base_url = "https://hub.example.net";
  facts.configuration->trusted_proxies = {*parse_network("127.0.0.1/32")};
  auto& hub = facts.hub;
  hub.status = "ready";
  hub.reconciled_seconds_ago = 3;
  hub.is_set_up = hub.is_initialized = true;
  hub.endpoint = "hub.example.net:51820";
  hub.network = *parse_network("10.8.0.0/24");
  hub.address = *parse_address("10.8.0.1");
  hub.port = 51820;
  hub.alert_targets = 1;
  hub.spokes = 3;
  hub.active_spokes = 2;
  hub.inactive_spokes = 1;
  auto& machine = facts.machine;
  machine.module_loaded = machine.module_installed = true;
  machine.wg0 = InterfaceFact{true, {hub.address}};
  machine.addresses = {hub.address, *parse_address("203.0.113.5")};
  machine.port_users = {{""}};
  machine.forwards = machine.clock_is_synchronised = true;
  machine.has_systemd = true;
  machine.units = {{"wireguard-hub-api.service", true, true}, {"wireguard-hub-restore.service", true, true}};
  machine.sockets = {{"/run/a.sock", "a.socket", true}};
  machine.files = {{"/etc/kek", true, 0400, 0077, "root", "root"}, {"/absent", false}};
  machine.disks = {{"/var/lib/wireguard-hub", 5UL << 30U, 50UL << 30U, 1000, 2000}};
  machine.certificate = CertificateFact{"/etc/tls.pem", true, false, 60, "hub.example.net", true};
  machine.endpoint_addresses = {*parse_address("203.0.113.5")};
  machine.url = UrlFact{"https://hub.example.net", UrlFact::Outcome::answers, ""};
  return facts;
}

inline Finding finding_of(const std::string& name, const Facts& facts) {
  const auto checks = all_checks();
  const auto check = std::find_if(checks.begin(), checks.end(), [&](const Check& each) { return each.name == name; });
  REQUIRE(check != checks.end());
  return check->look(facts);
}

/// The state of one check's finding, which must say this; every one that is a note or wrong has advice.
inline bool finds(State state, const std::string& name, const std::string& said, const Facts& facts) {
  const auto finding = finding_of(name, facts);
  UNSCOPED_INFO(name << ": " << finding.found << " -> " << finding.advice);
  const bool advised = state == State::note || state == State::wrong;
  return finding.state == state && finding.found.find(said) != std::string::npos && finding.advice.empty() != advised;
}

}  // namespace wghub::cli
