#include "apid/endpoint/hub_figures.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "apid/endpoint/database_figures.h"
#include "apid/http/certificate.h"
#include "common/version.h"

namespace wghub::endpoint {
namespace {

constexpr int kMostClusters = 500;  // with series of their own: the newest

template <class Number>
Labelled labelled(std::string label, Number value) {
  return {std::move(label), static_cast<double>(value)};
}

void add_spokes(MetricList& list, const SpokeCounts& spokes) {
  list.gauges(
      "wireguard_spokes", "Registered spokes by status.", "status",
      {labelled("active", spokes.active), labelled("inactive", spokes.inactive), labelled("pending", spokes.pending)});
}

void add_tokens(MetricList& list, const TokenCounts& tokens) {
  list.gauges("wireguard_tokens", "Installation tokens by state; used: claimed or registered.", "state",
              {labelled("unused", tokens.unused), labelled("used", tokens.used), labelled("expired", tokens.expired),
               labelled("revoked", tokens.revoked)});
}

// What is neither free nor the hub's own nor the network's and its broadcast address, somebody has.
void add_addresses(MetricList& list, const std::optional<Network>& network, std::int64_t free) {
  constexpr std::int64_t reserved = 3;
  const std::int64_t all = network ? (std::int64_t(1) << (bits_of(network->address.family) - network->prefix)) : 0;
  list.gauges("wireguard_addresses",
              "Addresses of the hub's network for spokes; held: by a spoke, or by a token that is still open.", "state",
              {labelled("free", free), labelled("held", std::max(all - reserved - free, std::int64_t(0)))});
}

// Two labels, so a family by hand.
void add_clusters(MetricList& list, const std::vector<Cluster>& clusters) {
  prometheus::MetricFamily family;
  family.name = "wireguard_cluster_nodes";
  family.help = "Nodes of Proxmox clusters by cluster id and status.";
  family.type = prometheus::MetricType::Gauge;
  for (const auto& cluster : clusters) {
    for (const auto& [status, number] : {std::pair("active", cluster.nodes.active),
                                         {"inactive", cluster.nodes.inactive},
                                         {"pending", cluster.nodes.pending}}) {
      auto& metric = family.metric.emplace_back();
      metric.label = {{"proxmox_cluster", cluster.id}, {"status", status}};
      metric.gauge.value = static_cast<double>(number);
    }
  }
  list.add(std::move(family));
}

void add_spoke_series(MetricList& list, const StatusTracker::Figures& live) {
  std::vector<Labelled> active;
  std::vector<Labelled> handshakes;
  std::vector<Labelled> received;
  std::vector<Labelled> sent;
  for (const auto& [id, values] : live.spokes) {
    active.push_back(labelled(id, values.status == SpokeStatus::active ? 1 : 0));
    if (values.last_handshake) handshakes.push_back(labelled(id, *values.last_handshake));
    received.push_back(labelled(id, values.transfer_rx));
    sent.push_back(labelled(id, values.transfer_tx));
  }
  list.gauges("wireguard_spoke_active", "Whether the spoke is connected, by spoke id.", "spoke", active);
  list.gauges("wireguard_spoke_last_handshake_timestamp_seconds",
              "When the spoke made its last handshake, in seconds since 1970, by spoke id; none before the first.",
              "spoke", handshakes);
  list.counters("wireguard_spoke_received_bytes_total", "What the hub received from the spoke, by spoke id.", "spoke",
                received);
  list.counters("wireguard_spoke_sent_bytes_total", "What the hub sent to the spoke, by spoke id.", "spoke", sent);
  list.gauge("wireguard_spokes_without_series",
             "Spokes beyond the limit of series (metrics.spokes): they are in the sums alone.",
             static_cast<double>(live.spoke_count - live.spokes.size()));
}

}  // namespace

// What one snapshot of the database says.
struct HubFigures::Stored {
  SpokeCounts spokes;
  TokenCounts tokens;
  std::optional<Network> network;  ///< nothing before the hub was initialised
  std::int64_t free_addresses = 0;
  ClusterTotals cluster_totals;
  std::vector<Cluster> clusters;
  std::optional<std::int64_t> credential_end;
};

Outcome<HubFigures::Stored> HubFigures::read(const std::string& credential_id) {
  auto& stores = sources_.stores;
  return stores.database.read<Stored>([&](store::Transaction& t) -> Outcome<Stored> {
    Stored stored;
    stored.spokes = stores.spokes.counts(t);
    stored.tokens = stores.tokens.counts(t);
    if (const auto hub = stores.hub.find(t)) stored.network = hub->network;
    stored.free_addresses = stores.addresses.count_free(t);
    stored.cluster_totals = stores.clusters.totals(t);
    stored.clusters = stores.clusters.list(t, {kMostClusters, std::nullopt}).items;
    for (const auto& token : stores.api_tokens.list(t))
      if (token.id == credential_id) stored.credential_end = token.expires_at;
    return stored;
  });
}

Outcome<Done> HubFigures::add_to(MetricList& list, const std::string& credential_id) {
  const auto stored = read(credential_id);
  if (!stored) return stored.error();
  list.gauges("wireguard_build_info", "1, with the hub's version.", "version", {labelled(std::string(kVersion), 1)});
  add_spokes(list, stored->spokes);
  add_tokens(list, stored->tokens);
  add_addresses(list, stored->network, stored->free_addresses);
  list.gauge("wireguard_clusters", "Proxmox clusters.", static_cast<double>(stored->cluster_totals.clusters));
  add_clusters(list, stored->clusters);
  if (stored->credential_end)
    list.gauge("wireguard_api_token_expiry_timestamp_seconds",
               "When the API token that this was asked with expires, in seconds since 1970.",
               static_cast<double>(*stored->credential_end));
  add_live(list);
  add_parts(list);
  return Done{};
}

void HubFigures::add_live(MetricList& list) const {
  const auto live = sources_.tracker.figures(options_.most_spokes);
  const bool fresh = sources_.reconciler.health() == Reconciler::Health::good;
  list.gauge("wireguard_interface_up", "Whether wg0 is there and up, as the helper said within the last 15 s.",
             fresh && live.interface_up ? 1 : 0);
  list.gauge("wireguard_interface_peers", "Peers on wg0 in the last snapshot.", static_cast<double>(live.peers));
  list.gauge("wireguard_status_timestamp_seconds", "When the last snapshot of wg0 was taken, in seconds since 1970.",
             static_cast<double>(live.taken_at));
  list.counter("wireguard_received_bytes_total", "What the hub received from all spokes.",
               static_cast<double>(live.totals.received_bytes));
  list.counter("wireguard_sent_bytes_total", "What the hub sent to all spokes.",
               static_cast<double>(live.totals.sent_bytes));
  list.summary("wireguard_handshake_interval_seconds",
               "Time between two handshakes of a spoke that stayed connected, as far as snapshots show.",
               live.totals.intervals, static_cast<double>(live.totals.interval_seconds));
  add_spoke_series(list, live);
}

void HubFigures::add_parts(MetricList& list) const {
  const auto corrections = sources_.reconciler.totals();
  list.counters("wireguard_reconcile_corrections_total",
                "What was put right on wg0, because it was not as the database says, by action.", "action",
                {labelled("added", corrections.added), labelled("removed", corrections.removed),
                 labelled("corrected", corrections.corrected), labelled("foreign-kept", corrections.foreign_kept)});
  list.counter("wireguard_reconcile_failures_total", "Corrections of wg0 that failed.",
               static_cast<double>(corrections.failed));
  list.gauge("wireguard_event_streams", "Open streams of events.", static_cast<double>(sources_.broadcaster.streams()));
  add_database_figures(list, sources_.stores.database.figures(), options_.database_path);
  if (const auto end = http::valid_until(options_.certificate_path))
    list.gauge("wireguard_certificate_expiry_timestamp_seconds",
               "When apid's own certificate expires, in seconds since 1970.", static_cast<double>(*end));
}

}  // namespace wghub::endpoint
