#include "apid/endpoint/told_members.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "apid/http/json.h"
#include "apid/service/node_name.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kMostNodes = 128;

void add(ToldMembers& told, std::string_view host_name, std::optional<bool> online) {
  const std::string name = node_name_of(host_name);
  const bool is_known =
      std::any_of(told.nodes.begin(), told.nodes.end(), [&](const auto& node) { return node.name == name; });
  if (is_node_name(name) && !is_known && told.nodes.size() < kMostNodes) told.nodes.push_back({name, online});
}

// .members has 0 and 1.
std::optional<bool> truth(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  return value->is_int64() ? std::optional(value->get_int64() != 0) : std::nullopt;
}

const boost::json::object* object_in(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

void read_members(ToldMembers& told, const boost::json::object& members) {
  if (const auto* cluster = object_in(members, "cluster")) told.quorate = truth(*cluster, "quorate");
  const auto* list = object_in(members, "nodelist");
  if (list == nullptr) return;
  for (const auto& node : *list) {
    const auto* values = node.value().if_object();
    add(told, node.key(), values == nullptr ? std::nullopt : truth(*values, "online"));
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void read_names(ToldMembers& told, std::string_view names) {
  while (!names.empty()) {
    const auto comma = names.find(',');
    add(told, trimmed(names.substr(0, comma)), std::nullopt);
    if (comma == std::string_view::npos) return;
    names.remove_prefix(comma + 1);
  }
}

}  // namespace

ToldMembers told_members(const boost::json::object& metadata) {
  ToldMembers told;
  if (const auto* members = object_in(metadata, "pveMembers")) {
    read_members(told, *members);
  } else if (const auto* text = metadata.if_contains("pveMembers"); text != nullptr && text->is_string()) {
    if (const auto parsed = http::parse_object(text->get_string())) read_members(told, *parsed);
  }
  const auto* names = metadata.if_contains("clusterNodes");
  if (told.nodes.empty() && names != nullptr && names->is_string()) read_names(told, names->get_string());
  return told;
}

}  // namespace wghub::endpoint
