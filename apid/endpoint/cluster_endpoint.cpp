#include "apid/endpoint/cluster_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kDatacenterBytes = 128;
constexpr std::size_t kDescriptionBytes = 1024;
constexpr std::size_t kMostNodes = 256;
constexpr std::size_t kNodeBytes = 128;

// Nothing when the field is absent; null and "" clear the text.
std::optional<std::optional<std::string>> nullable_text(Fields& fields, std::string_view name, std::size_t longest) {
  auto text = fields.optional_text(name, longest);
  if (!fields.has(name)) return std::nullopt;
  if (text && !is_plain_text(*text)) fields.fault(name, "must not hold control or text-direction characters");
  if (text && text->empty()) text.reset();
  return text;
}

Outcome<ClusterTexts> parse_texts(const boost::json::object& object) {
  Fields fields(object);
  ClusterTexts texts;
  texts.datacenter = nullable_text(fields, "datacenter", kDatacenterBytes);
  texts.description = nullable_text(fields, "description", kDescriptionBytes);
  if (object.empty()) fields.fault("datacenter", "or description must be given");
  if (auto fault = fields.finish()) return *fault;
  return texts;
}

Outcome<std::optional<std::vector<std::string>>> parse_nodes(const boost::json::object& object) {
  Fields fields(object);
  auto nodes = fields.optional_texts("nodes", kMostNodes, kNodeBytes);
  if (nodes && nodes->empty()) fields.fault("nodes", "must be an array of 1 to 256 strings");
  if (auto fault = fields.finish()) return *fault;
  return nodes;
}

boost::json::object encode_node(const Spoke& spoke) {
  auto object = encode(spoke);
  object["nodeConflict"] = spoke.node_conflict;
  return object;
}

boost::json::object encode_details(const ClusterDetails& details) {
  boost::json::array nodes;
  boost::json::array missing;
  for (const auto& node : details.nodes) nodes.push_back(encode_node(node));
  for (const auto& node : details.missing) missing.push_back(encode(node));
  return {{"cluster", encode(details.cluster)}, {"nodes", std::move(nodes)}, {"missingNodes", std::move(missing)}};
}

}  // namespace

http::Response ClusterEndpoint::list(const http::Request& request) {
  Query query(request);
  const PageRequest page = query.page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  return answer(clusters_.list(page), request, 200, [](const ClusterList& list) {
    boost::json::array clusters;
    clusters.reserve(list.clusters.size());
    for (const auto& cluster : list.clusters) clusters.push_back(encode(cluster));
    return boost::json::object{{"clusters", std::move(clusters)},
                               {"totalClusters", list.totals.clusters},
                               {"totalNodes", list.totals.nodes},
                               {"standaloneNodes", list.totals.standalone},
                               {"nextCursor", encode_cursor(list.next)}};
  });
}

http::Response ClusterEndpoint::details(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::cluster_not_found, request);
  return answer(clusters_.details(request.parameters[0]), request, 200, encode_details);
}

http::Response ClusterEndpoint::update(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto texts = parse_texts(*body);
  if (!texts) return http::render_json_error(texts.error(), request);
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::cluster_not_found, request);
  const auto updated = clusters_.update(request.parameters[0], *texts, actor_of(request));
  return answer(updated, request, 200, [](const Cluster& cluster) {
    return boost::json::object{{"success", true}, {"cluster", encode(cluster)}};
  });
}

http::Response ClusterEndpoint::remove(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::cluster_not_found, request);
  return answer_done(clusters_.remove(request.parameters[0], actor_of(request)), request,
                     "Cluster deleted successfully");
}

http::Response ClusterEndpoint::create_tokens(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto nodes = parse_nodes(*body);
  if (!nodes) return http::render_json_error(nodes.error(), request);
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::cluster_not_found, request);
  const auto made = clusters_.create_tokens(request.parameters[0], *nodes, actor_of(request));
  return answer(made, request, 201, [](const std::vector<IssuedToken>& issued) {
    boost::json::array tokens;
    for (const auto& one : issued) {
      auto object = encode(one);
      object["proxmoxNodeName"] = one.token.spoke_name;
      tokens.push_back(std::move(object));
    }
    return boost::json::object{{"success", true}, {"tokens", std::move(tokens)}};
  });
}

}  // namespace wghub::endpoint
