#include "apid/endpoint/spoke_endpoint.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/endpoint/told_members.h"
#include "apid/service/identifiers.h"
#include "apid/service/node_name.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kMetadataBytes = 4096;
constexpr int kMetadataDepth = 4;
constexpr std::size_t kProxmoxBytes = 128;

// Objects and arrays inside one another, an empty one too; the parser's limit bounds the recursion.
int depth_of(const boost::json::value& value) {
  int inner = 0;
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) inner = std::max(inner, depth_of(member.value()));
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) inner = std::max(inner, depth_of(element));
  }
  return value.is_structured() ? inner + 1 : 0;
}

void read_metadata(Fields& fields, RegisterRequest& request) {
  const auto* metadata = fields.optional_object("metadata");
  if (metadata == nullptr) return;
  request.metadata = boost::json::serialize(*metadata);
  if (request.metadata.size() > kMetadataBytes || depth_of(*metadata) > kMetadataDepth)
    fields.fault("metadata", "must have at most 4 KiB and a depth of 4");
  request.told = told_members(*metadata);
}

// Untrusted, kept as text; nothing for null and "" (R44).
std::optional<std::string> proxmox_text(Fields& fields, std::string_view name) {
  auto text = fields.optional_text(name, kProxmoxBytes);
  if (text && !is_plain_text(*text)) fields.fault(name, "must not hold control or text-direction characters");
  if (text && text->empty()) text.reset();
  return text;
}

void read_proxmox(Fields& fields, RegisterRequest& request) {
  const auto is_proxmox = fields.optional_boolean("isProxmox");
  const auto host_name = proxmox_text(fields, "proxmoxNodeName");
  request.proxmox_cluster_name = proxmox_text(fields, "proxmoxClusterName");
  request.proxmox_version = proxmox_text(fields, "proxmoxVersion");
  if (host_name) request.proxmox_node_name = node_name_of(*host_name);
  if (request.proxmox_node_name && request.proxmox_node_name->empty()) request.proxmox_node_name.reset();
  request.is_proxmox = request.os == Platform::proxmox;
  if (is_proxmox.value_or(false) && !request.is_proxmox) fields.fault("isProxmox", "needs os proxmox");
}

Outcome<RegisterRequest> parse_registration(const boost::json::object& object) {
  Fields fields(object);
  RegisterRequest request;
  request.token = Secret(fields.text("token", kFormBytes));
  const std::string key = fields.text("publicKey", kFormBytes);
  const auto os = parse_platform(fields.text("os", 32));
  if (!os && object.contains("os")) fields.fault("os", "must be linux, macos, windows or proxmox");
  request.os = os.value_or(Platform::linux);
  read_proxmox(fields, request);
  read_metadata(fields, request);
  if (auto fault = fields.finish()) return *fault;
  const auto parsed = parse_public_key(key);
  if (!parsed || !is_usable(*parsed)) {
    Error error(ErrorCode::invalid_public_key);
    error.faults.push_back({"publicKey", "must be a usable key in 43 base64 characters and '='"});
    return error;
  }
  request.key = *parsed;
  return request;
}

http::Response registered(const Spoke& spoke, const http::Request& request) {
  const std::string ips = to_string(Network{spoke.address, spoke.network.prefix});
  if (!http::names_media_type(request.accept, "text/plain")) {
    boost::json::object body = {{"success", true},
                                {"spoke",
                                 {{"id", spoke.id},
                                  {"name", spoke.name},
                                  {"publicKey", to_base64(spoke.public_key)},
                                  {"allowedIPs", boost::json::array{ips}},
                                  {"registeredAt", http::to_timestamp(spoke.registered_at)},
                                  {"status", to_text(spoke.status)}}}};
    if (spoke.node_conflict) body["nodeConflict"] = true;
    return http::json_response(201, body);
  }
  http::Response response;
  response.status = 201;
  response.content_type = "text/plain; charset=utf-8";
  response.body =
      fmt::format("success=true\nid={}\nname={}\npublicKey={}\nallowedIPs={}\nregisteredAt={}\nstatus={}\n{}", spoke.id,
                  spoke.name, to_base64(spoke.public_key), ips, http::to_timestamp(spoke.registered_at),
                  to_text(spoke.status), spoke.node_conflict ? "nodeConflict=true\n" : "");
  return response;
}

}  // namespace

http::Response SpokeEndpoint::render_error(const Error& error, const http::Request& request) {
  return http::names_media_type(request.accept, "text/plain") ? http::render_text_error(error, request)
                                                              : http::render_json_error(error, request);
}

http::Response SpokeEndpoint::register_spoke(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return render_error(body.error(), request);
  const auto parsed = parse_registration(*body);
  if (!parsed) return render_error(parsed.error(), request);
  const auto spoke = spokes_.register_spoke(*parsed, actor_of(request));
  return spoke ? registered(*spoke, request) : render_error(spoke.error(), request);
}

http::Response SpokeEndpoint::list(const http::Request& request) {
  Query query(request);
  store::SpokeFilter filter;
  if (const auto status = query.word("status", {"pending", "active", "inactive"})) {
    for (const auto known : {SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive})
      if (to_text(known) == *status) filter.status = known;
  }
  if (const auto os = query.word("os", {"linux", "macos", "windows", "proxmox"})) filter.os = parse_platform(*os);
  const PageRequest page = query.page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  return answer(spokes_.list(filter, page), request, 200, [](const SpokeList& list) {
    boost::json::array spokes;
    spokes.reserve(list.spokes.size());
    for (const auto& spoke : list.spokes) spokes.push_back(encode(spoke));
    return boost::json::object{{"spokes", std::move(spokes)},         {"totalCount", list.counts.total()},
                               {"activeCount", list.counts.active},   {"inactiveCount", list.counts.inactive},
                               {"pendingCount", list.counts.pending}, {"nextCursor", encode_cursor(list.next)}};
  });
}

http::Response SpokeEndpoint::status(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::spoke_not_found, request);
  return answer(spokes_.details(request.parameters[0]), request, 200, [](const SpokeDetails& details) {
    boost::json::object spoke = encode(details.spoke);
    spoke["metadata"] = boost::json::parse(details.spoke.metadata);
    boost::json::value peer = nullptr;
    if (details.peer) peer = encode(*details.peer);
    return boost::json::object{{"spoke", std::move(spoke)}, {"wireguardPeer", std::move(peer)}};
  });
}

http::Response SpokeEndpoint::remove(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::spoke_not_found, request);
  return answer_done(spokes_.remove(request.parameters[0], actor_of(request)), request, "Spoke removed successfully");
}

}  // namespace wghub::endpoint
