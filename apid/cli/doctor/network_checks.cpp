// What of the network stands in the way between spokes and hub.
#include <fmt/format.h>

#include <algorithm>

#include "apid/cli/doctor/checks.h"

namespace wghub::cli {
namespace {

const Finding kNoNetwork = unknown("the hub has no network yet, or does not answer");

bool is_private_address(const Address& address) {
  static const auto local = {*parse_network("127.0.0.0/8"), *parse_network("169.254.0.0/16"),
                             *parse_network("::1/128")};
  const bool is_local =
      std::any_of(local.begin(), local.end(), [&](const Network& network) { return contains(network, address); });
  return is_local || is_link_local(address) || is_private({address, bits_of(address.family)});
}

// The programs that are WireGuard where the kernel has none.
bool is_wireguard(const PortUser& user) {
  return user.program.empty() || user.program.starts_with("wireguard-go") || user.program.starts_with("boringtun");
}

Finding look_at_kernel(const Facts& facts) {
  const auto& machine = facts.machine;
  if (machine.userspace_runs) return good("wg0 is a userspace implementation's");
  if (machine.module_loaded.value_or(false)) return good("the kernel has WireGuard");
  if (machine.module_installed) return good("the kernel has WireGuard, and loads it when it is needed");
  if (!machine.module_loaded) return unknown("/sys cannot be read");
  return wrong("the kernel has no WireGuard",
               "Boot a kernel of Debian's (linux-image-amd64); in a container: apt install wireguard-go && systemctl "
               "enable --now wireguard-hub-userspace.");
}

Finding look_at_interface(const Facts& facts) {
  if (!facts.hub.is_initialized) return kNoNetwork;
  const auto& wg0 = facts.machine.wg0;
  const char* advice =
      "systemctl restart wireguard-hub-restore, and journalctl -u wireguard-hub-engine for what hinders it.";
  if (!wg0) return wrong("there is no wg0", advice);
  if (!wg0->is_up) return wrong("wg0 is down", "ip link set wg0 up");
  if (std::find(wg0->addresses.begin(), wg0->addresses.end(), facts.hub.address) == wg0->addresses.end())
    return wrong("wg0 has not the hub's address " + to_string(facts.hub.address), advice);
  return good("wg0 is up with " + to_string(facts.hub.address));
}

Finding look_at_port(const Facts& facts) {
  if (!facts.hub.is_initialized) return kNoNetwork;
  const auto& users = facts.machine.port_users;
  const auto other = std::find_if_not(users.begin(), users.end(), is_wireguard);
  if (other != users.end())
    return wrong(fmt::format("UDP port {} is used by {}", facts.hub.port, other->program),
                 "Stop that program, or give it another port; then: systemctl restart wireguard-hub-restore.");
  if (users.empty())
    return wrong(fmt::format("nobody listens on UDP port {}", facts.hub.port),
                 "wg0 is not up: see `interface`. Spokes cannot connect meanwhile.");
  return good(fmt::format("WireGuard listens on UDP port {}", facts.hub.port));
}

Finding look_at_forwarding(const Facts& facts) {
  const auto& forwards = facts.machine.forwards;
  if (!forwards) return unknown("/proc cannot be read");
  if (*forwards) return good("IPv4 is forwarded");
  return note(
      "IPv4 is not forwarded: spokes reach the hub alone",
      "Where they are to reach networks behind it: put net.ipv4.ip_forward=1 into a file in /etc/sysctl.d, and: "
      "sysctl --system.");
}

Finding look_at_endpoint(const Facts& facts) {
  if (!facts.hub.is_initialized) return kNoNetwork;
  const auto& found = facts.machine.endpoint_addresses;
  const auto& own = facts.machine.addresses;
  if (found.empty())
    return wrong(facts.hub.endpoint + " does not resolve to an address",
                 "Mend its DNS entry, or set another endpoint: PUT /api/hub/config.");
  const auto text = facts.hub.endpoint + " is " + to_string(found.front());
  if (std::all_of(found.begin(), found.end(), is_private_address))
    return note(text + ", a private address",
                "Spokes elsewhere cannot reach it: set a public one, PUT /api/hub/config.");
  if (std::find_first_of(found.begin(), found.end(), own.begin(), own.end()) == found.end())
    return note(text + ", which no interface of this machine has",
                fmt::format("UDP port {} must be forwarded to this machine from there.", facts.hub.port));
  return good(text + ", an address of this machine");
}

Finding look_at_proxy(const Facts& facts) {
  if (!facts.configuration) return unknown("the configuration cannot be read");
  const auto& configuration = *facts.configuration;
  for (const auto& proxy : configuration.trusted_proxies)
    if (proxy.prefix < (proxy.address.family == Family::ipv4 ? 8 : 16))
      return wrong("trusted_proxies has " + to_string(proxy) + ": anybody can say to be anybody",
                   "Name the proxy's own address alone, as 127.0.0.1/32.");
  if (!hears_this_machine_alone(configuration)) return good("apid listens to the network itself");
  if (configuration.api_base_url.empty())
    return wrong(fmt::format("apid hears this machine alone, and commands name its port {}", configuration.port),
                 "Set api_base_url to the address of the web server before it, as https://hub.example.net.");
  const auto listens = parse_address(configuration.listen_address).value_or(Address());
  const bool trusted = std::any_of(configuration.trusted_proxies.begin(), configuration.trusted_proxies.end(),
                                   [&](const Network& proxy) { return contains(proxy, listens); });
  if (trusted) return good("the web server before apid is trusted to name its clients");
  return wrong("apid takes all clients for one: the web server before it is none of trusted_proxies",
               "Set trusted_proxies = [\"" + to_string(listens) + "\"]: limits and the audit trail go by the address.");
}

Finding look_at_url(const Facts& facts) {
  const auto& url = facts.machine.url;
  if (!url) return unknown("the hub has no address yet");
  if (url->outcome == UrlFact::Outcome::answers) return good(url->url + " answers");
  if (url->outcome == UrlFact::Outcome::refused_certificate)
    return wrong(url->url + ": " + url->said,
                 "The certificate that is shown there is not for this name, has ended, or lacks its chain.");
  return note(url->url + " does not answer from here: " + url->said,
              "Open its TCP port; where only machines outside can reach that address, try from one of them: curl -I.");
}

Finding look_at_wg_quick(const Facts& facts) {
  if (!facts.machine.wg_quick_file) return good("has no wg0 of its own");
  return wrong("/etc/wireguard/wg0.conf is there: wg-quick would make a wg0 of its own",
               "Move the file away, and: systemctl disable --now wg-quick@wg0.");
}

}  // namespace

bool hears_this_machine_alone(const app::Configuration& configuration) {
  const auto address = parse_address(configuration.listen_address);
  return address && (contains(*parse_network("127.0.0.0/8"), *address) || to_string(*address) == "::1");
}

std::vector<Check> network_checks() {
  return {{"kernel", "whether there is WireGuard", look_at_kernel},
          {"wg-quick", "whether it wants the same interface", look_at_wg_quick},
          {"interface", "whether wg0 is up with its address", look_at_interface},
          {"udp-port", "whether WireGuard has its port", look_at_port},
          {"forwarding", "whether spokes reach more than the hub", look_at_forwarding},
          {"endpoint", "whether it is an address that spokes can reach", look_at_endpoint},
          {"proxy", "whether the web server before apid is known to it", look_at_proxy},
          {"url", "whether the address in the commands answers", look_at_url}};
}

}  // namespace wghub::cli
