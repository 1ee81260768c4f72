#include "apid/service/hub_service.h"
#include "common/crash_point.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <utility>

namespace wghub {
namespace {

boost::json::array to_array(const std::vector<Address>& addresses) {
  boost::json::array array;
  for (const auto& address : addresses) array.emplace_back(to_string(address));
  return array;
}

std::string describe(const InterfacePolicy& policy) {
  return fmt::format("network {}, listen port {}, MTU {}", to_string(policy.network), policy.port, policy.mtu);
}

}  // namespace

Error configure_error(const ConfigureAnswer& answer) {
  switch (answer.outcome) {
    case PeerOutcome::network_not_allowed:
      return {ErrorCode::invalid_cidr, "The helper allows private networks of /16 to /30 without host bits only."};
    case PeerOutcome::network_overlap:
      return ErrorCode::network_overlap;
    case PeerOutcome::interface_exists:
      return ErrorCode::interface_exists;
    case PeerOutcome::policy_mismatch: {
      Error error(ErrorCode::policy_mismatch);
      if (answer.policy) error.policy = describe(*answer.policy);
      return error;
    }
    default: {
      Error error(ErrorCode::helper_unavailable);
      error.retry_after = std::chrono::seconds(2);
      return error;
    }
  }
}

HubService::HubService(Stores& stores, AuditTrail& audit, EventSink& events, Helper& helper, std::uint32_t mtu,
                       std::function<void(const std::string&)> on_endpoint)
    : stores_(stores),
      audit_(audit),
      events_(events),
      helper_(helper),
      mtu_(mtu),
      on_endpoint_(std::move(on_endpoint)) {
  if (const auto known = config()) on_endpoint_(known->endpoint);
}

Outcome<HubConfig> HubService::initialize(const HubRequest& request, const Actor& actor) {
  const std::lock_guard lock(initializing_);
  if (config()) return ErrorCode::hub_already_initialized;
  const auto key = helper_.hub_key();
  if (!key) return key.error();
  WGHUB_CRASH_POINT("initialize.key-made");
  const auto configured = helper_.configure({request.network, request.listen_port, mtu_});
  if (configured.outcome != PeerOutcome::done && configured.outcome != PeerOutcome::unchanged)
    return configure_error(configured);

  WGHUB_CRASH_POINT("initialize.configured");
  auto made = stores_.database.write<HubConfig>([&](store::Transaction& t) -> Outcome<HubConfig> {
    const auto now = store::now_of(t);
    HubConfig hub{request.network, request.listen_port, *key, request.dns, request.endpoint, now, now};
    if (!stores_.hub.insert(t, hub)) return ErrorCode::hub_already_initialized;
    WGHUB_CRASH_POINT("initialize.inserted");
    stores_.addresses.initialize(t, hub.network);
    audit_.record(t, actor, "hub.initialized", "1",
                  {{"networkCIDR", to_string(hub.network)},
                   {"listenPort", hub.listen_port},
                   {"endpoint", hub.endpoint},
                   {"publicKey", to_base64(hub.public_key)}});
    return hub;
  });
  WGHUB_CRASH_POINT("initialize.committed");
  if (made) {
    on_endpoint_(made->endpoint);
    events_.publish({"hub.updated", made->updated_at, *made});
  }
  return made;
}

Outcome<HubConfig> HubService::config() {
  return stores_.database.read<HubConfig>([&](store::Transaction& t) -> Outcome<HubConfig> {
    auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    return std::move(*hub);
  });
}

Outcome<HubChanged> HubService::update(const HubChange& change, const Actor& actor) {
  auto changed = stores_.database.write<HubChanged>([&](store::Transaction& t) -> Outcome<HubChanged> {
    auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    if (change.endpoint) hub->endpoint = *change.endpoint;
    if (change.dns) hub->dns = *change.dns;
    hub->updated_at = store::now_of(t);
    stores_.hub.update(t, *hub);
    audit_.record(t, actor, "hub.updated", "1", {{"endpoint", hub->endpoint}, {"dns", to_array(hub->dns)}});
    return HubChanged{*hub, stores_.tokens.count_other_endpoints(t, hub->endpoint)};
  });
  if (changed) {
    on_endpoint_(changed->config.endpoint);
    events_.publish({"hub.updated", changed->config.updated_at, changed->config});
  }
  return changed;
}

Outcome<std::string> HubService::show_conf() {
  return stores_.database.read<std::string>([&](store::Transaction& t) -> Outcome<std::string> {
    const auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    std::string text = fmt::format(
        "# What the hub's interface amounts to. The private key never leaves the helper.\n"
        "[Interface]\nAddress = {}/{}\nListenPort = {}\nMTU = {}\n# PublicKey = {}\n",
        to_string(first_host(hub->network)), hub->network.prefix, hub->listen_port, mtu_, to_base64(hub->public_key));
    for (const auto& row : stores_.spokes.peers(t)) {
      if (row.removing) continue;
      text += fmt::format("\n[Peer]\n# {} ({})\nPublicKey = {}\nAllowedIPs = {}/{}\n", row.name, row.spoke_id,
                          to_base64(row.key), to_string(row.address), bits_of(row.address.family));
    }
    return text;
  });
}

}  // namespace wghub
