// What the hub's own word shows to be wrong.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "apid/cli/doctor/checks.h"

namespace wghub::cli {
namespace {

constexpr std::int64_t kStale = 30;  // seconds: passes are 5 s apart
constexpr std::int64_t kNearlyFull = 90;
constexpr std::size_t kNamed = 5;

const Finding kNotKnown = unknown("the hub says nothing of it");

std::string some_of(const std::vector<std::string>& all) {
  const std::vector<std::string> some(all.begin(),
                                      all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kNamed)));
  return fmt::format("{}{}", fmt::join(some, ", "), all.size() > kNamed ? ", ..." : "");
}

Finding look_at_apid(const Facts& facts) {
  if (facts.hub.unreachable.empty()) return good("answers on its local socket");
  return wrong("does not answer on its local socket: " + facts.hub.unreachable,
               "Are you root? Else: systemctl status wireguard-hub-api, and journalctl -u wireguard-hub-api for why it "
               "does not run.");
}

Finding look_at_setup(const Facts& facts) {
  if (!facts.hub.unreachable.empty()) return kNotKnown;
  if (!facts.hub.is_set_up)
    return wrong("there is no administrator yet", "wghub setup-code prints the code that makes the first one.");
  if (!facts.hub.is_initialized)
    return wrong("the hub has no network yet", "Initialise it: POST /api/hub/initialize as an administrator.");
  return good("has an administrator and a network");
}

Finding look_at_database(const Facts& facts) {
  if (!facts.hub.unreachable.empty()) return kNotKnown;
  if (facts.hub.status != "database-busy") return good("takes writes");
  return wrong("takes no writes within half a second",
               "Look for a full or failing disk, and for another program that has the file open.");
}

Finding look_at_helper(const Facts& facts) {
  if (!facts.hub.unreachable.empty()) return kNotKnown;
  if (facts.hub.status != "helper-unavailable") return good("answers");
  return wrong("wgprivd or its engine does not answer: no spoke can be added or removed",
               "systemctl status wireguard-hub-wgprivd.socket wireguard-hub-engine.socket; journalctl -u "
               "wireguard-hub-wgprivd -u wireguard-hub-engine.");
}

Finding look_at_reconcile(const Facts& facts) {
  if (!facts.hub.is_initialized) return kNotKnown;
  const auto& ago = facts.hub.reconciled_seconds_ago;
  if (ago && *ago <= kStale) return good(fmt::format("interface and database were compared {} s ago", *ago));
  return wrong(ago ? fmt::format("interface and database were last compared {} s ago", *ago)
                   : "interface and database could not be compared of late",
               "The helper does not answer in time: see `helper`, and journalctl -u wireguard-hub-api.");
}

Finding look_at_drift(const Facts& facts) {
  if (!facts.hub.is_initialized || facts.hub.status != "ready") return kNotKnown;
  const auto& [missing, foreign] = std::tie(facts.hub.missing_peers, facts.hub.foreign_peers);
  if (!missing.empty())
    return wrong(fmt::format("{} spokes are not on the interface: {}", missing.size(), some_of(missing)),
                 "The hub puts this right within seconds; where it stays so, journalctl -u wireguard-hub-engine says "
                 "why the engine refuses.");
  if (!foreign.empty())
    return note(fmt::format("{} peers on the interface are no spokes: {}", foreign.size(), some_of(foreign)),
                "They stay because of foreign_peers = \"keep\"; with \"remove\" the hub takes them off.");
  return good("interface and database have the same peers");
}

Finding look_at_pool(const Facts& facts) {
  const auto& hub = facts.hub;
  if (!hub.is_initialized || hub.network.address.family != Family::ipv4) return kNotKnown;
  const std::int64_t all = (std::int64_t{1} << (32U - hub.network.prefix)) - 3;  // network, broadcast, the hub
  const std::int64_t held = hub.spokes + hub.open_tokens;
  const auto found = fmt::format("{} of {} addresses are held, {} by open tokens", held, all, hub.open_tokens);
  if (held * 100 < all * kNearlyFull) return good(found);
  return wrong(found,
               "Remove spokes and revoke tokens that nobody needs (wghub spoke list, wghub token list); the "
               "network itself cannot grow while it has spokes.");
}

Finding look_at_handshakes(const Facts& facts) {
  const auto& hub = facts.hub;
  if (!hub.is_initialized) return kNotKnown;
  if (hub.active_spokes > 0) return good(fmt::format("{} spokes are connected", hub.active_spokes));
  if (hub.waiting_spokes + hub.inactive_spokes == 0) return good("no spoke should be connected by now");
  return wrong(fmt::format("of {} spokes none is connected{}", hub.spokes,
                           hub.inactive_spokes == 0 ? ", and none ever was" : ""),
               fmt::format("UDP port {} at {} does not reach this machine: look at its firewall, at the provider's, "
                           "and at port forwarding.",
                           hub.port, hub.endpoint));
}

Finding look_at_api_tokens(const Facts& facts) {
  if (!facts.hub.is_set_up) return kNotKnown;
  const auto& ending = facts.hub.ending_api_tokens;
  if (ending.empty()) return good("none ends within two weeks");
  return note(fmt::format("{} end within two weeks: {}", ending.size(), some_of(ending)),
              "Make new ones where programs still use them: wghub api-token list.");
}

Finding look_at_alerts(const Facts& facts) {
  if (!facts.hub.is_initialized) return kNotKnown;
  const auto& failing = facts.hub.failing_targets;
  if (!failing.empty())
    return wrong(fmt::format("{} of {} alert targets take nothing: {}", failing.size(), facts.hub.alert_targets,
                             some_of(failing)),
                 "wghub alert targets shows why, wghub alert test tries again.");
  if (facts.hub.alert_targets == 0)
    return note("nobody is told when a spoke goes down", "wghub alert add makes a webhook or a mail address of it.");
  return good(fmt::format("{} targets are told", facts.hub.alert_targets));
}

}  // namespace

std::vector<Check> hub_checks() {
  return {{"apid", "whether the daemon answers", look_at_apid},
          {"setup", "whether there is an administrator and a network", look_at_setup},
          {"database", "whether it takes writes", look_at_database},
          {"helper", "whether wgprivd and its engine answer", look_at_helper},
          {"reconcile", "when interface and database were last compared", look_at_reconcile},
          {"drift", "whether interface and database have the same peers", look_at_drift},
          {"pool", "whether addresses are left", look_at_pool},
          {"handshakes", "whether any spoke gets through", look_at_handshakes},
          {"api-tokens", "whether one ends soon", look_at_api_tokens},
          {"alerts", "whether those who should be told are", look_at_alerts}};
}

std::vector<Check> all_checks() {
  std::vector<Check> checks = machine_checks();
  for (const auto& more : {network_checks(), hub_checks()}) checks.insert(checks.end(), more.begin(), more.end());
  return checks;
}

}  // namespace wghub::cli
