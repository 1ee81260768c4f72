#include "apid/service/cluster_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

constexpr int kMostNodes = 1000;   // in one answer
constexpr int kMostMissing = 256;  // and tokens made at once

std::vector<KnownNode> missing_nodes(Stores& stores, store::Transaction& t, const std::string& id) {
  auto known = stores.clusters.known_nodes(t, id, kMostNodes);
  std::erase_if(known, [](const KnownNode& node) { return node.has_spoke; });
  if (known.size() > kMostMissing) known.resize(kMostMissing);
  return known;
}

void mark_conflicts(std::vector<Spoke>& nodes) {
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (!nodes[i].proxmox_node_name || nodes[i].proxmox_node_name != nodes[i - 1].proxmox_node_name) continue;
    nodes[i].node_conflict = nodes[i - 1].node_conflict = true;
  }
}

SpokeCounts counts_of(const std::vector<Spoke>& nodes) {
  SpokeCounts counts;
  for (const auto& node : nodes) {
    if (node.status == SpokeStatus::active) ++counts.active;
    if (node.status == SpokeStatus::inactive) ++counts.inactive;
    if (node.status == SpokeStatus::pending) ++counts.pending;
  }
  return counts;
}

// The first of the names that no missing node has, or that stands twice.
std::optional<Error> fault_of(const std::vector<std::string>& names, const std::vector<KnownNode>& missing) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    const bool is_missing =
        std::any_of(missing.begin(), missing.end(), [&](const KnownNode& node) { return node.name == *name; });
    const bool is_twice = std::find(names.begin(), name, *name) != name;
    if (is_missing && !is_twice) continue;
    const std::string field = "nodes[" + std::to_string(name - names.begin()) + "]";
    const std::string text = is_twice ? "stands twice" : "is no node of this cluster that lacks a spoke";
    Error error(ErrorCode::invalid_request, fmt::format("{} {}.", field, text));
    error.faults.push_back({field, text});
    return error;
  }
  return std::nullopt;
}

}  // namespace

std::string_view status_of(const SpokeCounts& nodes) {
  if (nodes.total() == 0) return "empty";
  if (nodes.pending == nodes.total()) return "pending";
  if (nodes.active == nodes.total()) return "all-active";
  return nodes.inactive * 2 > nodes.total() ? "critical" : "degraded";
}

ClusterService::ClusterService(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
                               StatusTracker& tracker)
    : stores_(stores), audit_(audit), events_(events), tokens_(tokens), tracker_(tracker) {}

Outcome<ClusterList> ClusterService::list(const PageRequest& page) {
  return stores_.database.read<ClusterList>([&](store::Transaction& t) -> Outcome<ClusterList> {
    auto found = stores_.clusters.list(t, page);
    return ClusterList{std::move(found.items), std::move(found.next), stores_.clusters.totals(t)};
  });
}

Outcome<ClusterDetails> ClusterService::details(const std::string& id) {
  auto found = stores_.database.read<ClusterDetails>([&](store::Transaction& t) -> Outcome<ClusterDetails> {
    auto cluster = stores_.clusters.find(t, id);
    if (!cluster) return ErrorCode::cluster_not_found;
    return ClusterDetails{std::move(*cluster), stores_.spokes.nodes(t, id, kMostNodes), missing_nodes(stores_, t, id)};
  });
  if (!found) return found;
  for (auto& node : found->nodes) tracker_.overlay(node);
  if (std::ssize(found->nodes) == found->cluster.nodes.total()) found->cluster.nodes = counts_of(found->nodes);
  mark_conflicts(found->nodes);
  return found;
}

Outcome<Cluster> ClusterService::update(const std::string& id, const ClusterTexts& texts, const Actor& actor) {
  auto updated = stores_.database.write<Cluster>([&](store::Transaction& t) -> Outcome<Cluster> {
    auto cluster = stores_.clusters.find(t, id);
    if (!cluster) return ErrorCode::cluster_not_found;
    boost::json::object changes;
    const auto take = [&](const char* name, const auto& given, std::optional<std::string>& text) {
      if (!given) return;
      text = *given;
      changes[name] = text ? boost::json::value(boost::json::string(*text)) : nullptr;
    };
    take("datacenter", texts.datacenter, cluster->datacenter);
    take("description", texts.description, cluster->description);
    stores_.clusters.save_texts(t, *cluster);
    cluster->updated_at = store::now_of(t);
    audit_.record(t, actor, "cluster.updated", id, changes);
    return std::move(*cluster);
  });
  if (updated) events_.publish({"cluster.updated", updated->updated_at, *updated});
  return updated;
}

Outcome<Done> ClusterService::remove(const std::string& id, const Actor& actor) {
  std::int64_t now = 0;
  const auto removed = stores_.database.write<Cluster>([&](store::Transaction& t) -> Outcome<Cluster> {
    now = store::now_of(t);
    auto cluster = stores_.clusters.find(t, id);
    if (!cluster) return ErrorCode::cluster_not_found;
    if (stores_.clusters.has_live_spokes(t, id)) return ErrorCode::cluster_not_empty;
    stores_.clusters.erase(t, id);
    audit_.record(t, actor, "cluster.removed", id, {{"clusterName", cluster->name}});
    return std::move(*cluster);
  });
  if (!removed) return removed.error();
  log::info("cluster removed", {{"cluster_id", id}, {"actor", actor.name}});
  events_.publish({"cluster.removed", now, *removed});
  return Done{};
}

Outcome<std::vector<IssuedToken>> ClusterService::create_tokens(const std::string& id,
                                                                const std::optional<std::vector<std::string>>& nodes,
                                                                const Actor& actor) {
  TokenPlan plan;
  plan.requests = [&](store::Transaction& t) -> Outcome<std::vector<TokenRequest>> {
    if (!stores_.clusters.find(t, id)) return ErrorCode::cluster_not_found;
    const auto missing = missing_nodes(stores_, t, id);
    if (auto fault = nodes ? fault_of(*nodes, missing) : std::nullopt) return *fault;
    std::vector<TokenRequest> requests;
    for (const auto& node : missing) {
      const bool wanted = !nodes || std::find(nodes->begin(), nodes->end(), node.name) != nodes->end();
      if (wanted && !node.open_token_id) requests.push_back({node.name, std::nullopt});
    }
    return requests;
  };
  plan.made = [&](store::Transaction& t, const std::vector<IssuedToken>& issued) {
    for (const auto& each : issued) stores_.clusters.set_token(t, id, each.token.spoke_name, each.token.spoke_id);
    audit_.record(t, actor, "cluster.tokens", id, {{"tokens", issued.size()}});
  };
  return tokens_.create_planned(plan, actor);
}

}  // namespace wghub
