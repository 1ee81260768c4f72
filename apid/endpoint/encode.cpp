#include "apid/endpoint/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "apid/http/json.h"
#include "apid/service/cluster_service.h"

namespace wghub::endpoint {
namespace {

constexpr int kKeepaliveSeconds = 25;  // on the spoke's side (D27)

boost::json::value time_or_null(const std::optional<std::int64_t>& at) {
  if (!at || *at == 0) return nullptr;
  return boost::json::string(http::to_timestamp(*at));
}

boost::json::value text_or_null(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  return boost::json::string(*text);
}

boost::json::value truth_or_null(const std::optional<bool>& truth) {
  if (!truth) return nullptr;
  return *truth;
}

boost::json::value progress_or_null(const std::optional<Progress>& progress) {
  if (!progress) return nullptr;
  return boost::json::object{{"stage", progress->stage},
                             {"code", progress->code},
                             {"reason", progress->reason},
                             {"at", http::to_timestamp(progress->at)}};
}

boost::json::array allowed_ips(const Address& address, std::uint8_t prefix) {
  return {to_string(Network{address, prefix})};
}

boost::json::value endpoint_of(const PeerState& peer) {
  if (!peer.endpoint) return nullptr;
  const char* form = peer.endpoint.family == Family::ipv6 ? "[{}]:{}" : "{}:{}";
  return boost::json::string(fmt::format(fmt::runtime(form), to_string(peer.endpoint), peer.endpoint_port));
}

boost::json::object by_platform(const std::map<Platform, std::string>& texts) {
  boost::json::object object;
  for (const auto& [platform, text] : texts) object[to_text(platform)] = text;
  return object;
}

// A header's bytes need not be UTF-8, and the audit trail is answered as JSON.
std::string ascii(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }, '?');
  return text;
}

}  // namespace

boost::json::object encode(const HubConfig& hub) {
  boost::json::array dns;
  for (const auto& address : hub.dns) dns.emplace_back(to_string(address));
  return {{"id", 1},
          {"interfaceAddress", to_string(Network{first_host(hub.network), hub.network.prefix})},
          {"listenPort", hub.listen_port},
          {"publicKey", to_base64(hub.public_key)},
          {"networkCIDR", to_string(hub.network)},
          {"dns", std::move(dns)},
          {"endpoint", hub.endpoint},
          {"createdAt", http::to_timestamp(hub.created_at)},
          {"updatedAt", http::to_timestamp(hub.updated_at)}};
}

boost::json::object encode(const Token& token, TokenState state) {
  return {{"id", token.id},
          {"spokeId", token.spoke_id},
          {"spokeName", token.spoke_name},
          {"allowedIPs", allowed_ips(token.address, token.network.prefix)},
          {"createdAt", http::to_timestamp(token.created_at)},
          {"expiresAt", http::to_timestamp(token.expires_at)},
          {"used", state == TokenState::claimed || state == TokenState::registered},
          {"usedAt", time_or_null(token.used_at)},
          {"state", to_text(state)},
          {"progress", progress_or_null(progress_of(token))}};
}

boost::json::object encode(const IssuedToken& issued) {
  boost::json::object token = encode(issued.token, issued.token.state);
  token["token"] = issued.text.reveal();
  return {{"token", std::move(token)},
          {"installCommands", by_platform(issued.install_commands)},
          {"wgetCommands", by_platform(issued.wget_commands)},
          {"auditCommands", by_platform(issued.audit_commands)},
          {"scriptSha256", by_platform(issued.script_sha256)}};
}

boost::json::object encode(const Spoke& spoke) {
  return {{"id", spoke.id},
          {"tokenId", spoke.token_id},
          {"name", spoke.name},
          {"publicKey", to_base64(spoke.public_key)},
          {"allowedIPs", allowed_ips(spoke.address, spoke.network.prefix)},
          {"registeredAt", http::to_timestamp(spoke.registered_at)},
          {"lastHandshake", time_or_null(spoke.last_handshake)},
          {"status", to_text(spoke.status)},
          {"os", to_text(spoke.os)},
          {"isProxmox", spoke.is_proxmox},
          {"proxmoxClusterId", text_or_null(spoke.proxmox_cluster_id)},
          {"proxmoxNodeName", text_or_null(spoke.proxmox_node_name)},
          {"proxmoxVersion", text_or_null(spoke.proxmox_version)}};
}

boost::json::object encode(const Cluster& cluster) {
  return {{"id", cluster.id},
          {"clusterName", cluster.name},
          {"datacenter", text_or_null(cluster.datacenter)},
          {"description", text_or_null(cluster.description)},
          {"status", status_of(cluster.nodes)},
          {"nodeCount", cluster.nodes.total()},
          {"activeNodes", cluster.nodes.active},
          {"inactiveNodes", cluster.nodes.inactive},
          {"pendingNodes", cluster.nodes.pending},
          {"quorate", truth_or_null(cluster.quorate)},
          {"toldAt", time_or_null(cluster.told_at)},
          {"createdAt", http::to_timestamp(cluster.created_at)},
          {"updatedAt", http::to_timestamp(cluster.updated_at)}};
}

boost::json::object encode(const KnownNode& node) {
  return {{"proxmoxNodeName", node.name},
          {"online", truth_or_null(node.online)},
          {"toldAt", http::to_timestamp(node.told_at)},
          {"tokenId", text_or_null(node.open_token_id)}};
}

boost::json::object encode(const InstallReport& report) {
  return {{"at", http::to_timestamp(report.at)},
          {"stage", report.stage},
          {"code", report.code},
          {"reason", report.reason},
          {"detail", report.detail},
          {"sourceAddress", report.source_address}};
}

boost::json::object encode(const PeerState& peer) {
  boost::json::array addresses;
  for (const auto& address : {peer.ipv4, peer.ipv6}) {
    if (address) addresses.emplace_back(to_string(Network{address, bits_of(address.family)}));
  }
  return {{"publicKey", to_base64(peer.key)},        {"endpoint", endpoint_of(peer)},
          {"allowedIPs", std::move(addresses)},      {"latestHandshake", time_or_null(peer.last_handshake)},
          {"transferRx", peer.received_bytes},       {"transferTx", peer.sent_bytes},
          {"persistentKeepalive", kKeepaliveSeconds}};
}

boost::json::object encode(const ApiToken& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", to_text(token.role)},
          {"createdAt", http::to_timestamp(token.created_at)},
          {"expiresAt", http::to_timestamp(token.expires_at)},
          {"lastUsedAt", time_or_null(token.last_used_at)}};
}

boost::json::object encode(const AuditEvent& event) {
  return {{"id", event.id},
          {"at", http::to_timestamp(event.at)},
          {"actor", event.actor.name},
          {"sourceAddress", event.actor.source_address},
          {"userAgent", event.actor.user_agent},
          {"action", event.action},
          {"target", event.target},
          {"outcome", event.outcome},
          {"details", boost::json::parse(event.details)}};
}

boost::json::object encode(const User& user) {
  return {{"id", user.id},
          {"username", user.username},
          {"role", to_text(user.role)},
          {"disabled", user.disabled_at.has_value()},
          {"totp", !user.totp_secret.empty()},
          {"createdAt", http::to_timestamp(user.created_at)},
          {"lastLoginAt", time_or_null(user.last_login_at)}};
}

boost::json::object encode_self(const User& user, bool second_factor) {
  return {{"id", user.id}, {"username", user.username}, {"role", to_text(user.role)}, {"totp", second_factor}};
}

boost::json::object encode(const Session& session, const std::string& asking) {
  return {{"id", session.id},
          {"createdAt", http::to_timestamp(session.created_at)},
          {"lastUsedAt", http::to_timestamp(session.last_used_at)},
          {"sourceAddress", session.source_address},
          {"userAgent", session.user_agent},
          {"current", session.id == asking}};
}

Actor actor_of(const http::Request& request) {
  Actor actor;
  const auto& caller = request.caller;
  actor.id = caller.credential == http::Credential::api_token ? caller.credential_id : caller.user_id;
  actor.name = caller.credential == http::Credential::none ? "anonymous" : caller.name;
  actor.source_address = to_string(request.client);
  actor.user_agent = ascii(request.user_agent);
  actor.account_id = caller.user_id;
  actor.is_root = caller.credential == http::Credential::root;
  return actor;
}

Identity identity_of(const http::Request& request) {
  Identity identity;
  identity.credential_id = request.caller.credential_id;
  identity.user.id = request.caller.user_id;
  identity.user.username = request.caller.username;
  identity.user.role = request.caller.role;
  identity.name = request.caller.name;
  identity.role = request.caller.role;
  identity.stepped_up = request.caller.stepped_up;
  return identity;
}

}  // namespace wghub::endpoint
