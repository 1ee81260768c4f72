#include "apid/cli/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>

namespace wghub::cli {
namespace {

constexpr std::int64_t kLargestPage = 1000;
constexpr std::int64_t kHighestLimit = 1'000'000;

bool is_id(const std::string& text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdef-") == std::string::npos && text[8] == '-';
}

std::string cursor_of(const boost::json::object& page) {
  const auto* cursor = page.if_contains("nextCursor");
  return cursor != nullptr && cursor->is_string() ? std::string(cursor->get_string()) : std::string();
}

Exit not_the_hub() {
  complain("what answered is not the hub, or another version of it");
  return Exit::unreachable;
}

}  // namespace

Asked<boost::json::object> ask(const HubClient& hub, const char* method, const std::string& path,
                               const boost::json::object& body, HubClient::Patience patience) {
  const auto answer = hub.call(method, path, body.empty() ? Secret() : Secret(boost::json::serialize(body)), patience);
  if (!answer) return Exit::unreachable;
  if (answer->status / 100 != 2) return refused(*answer);
  boost::json::error_code fault;
  auto value = boost::json::parse(answer->body, fault);
  if (fault || !value.is_object()) return not_the_hub();
  return std::move(value.get_object());
}

std::string query_of(const std::vector<std::pair<std::string, std::string>>& values) {
  std::string query;
  for (const auto& [name, value] : values)
    if (!value.empty()) query = with_parameter(query, name, value);
  return query;
}

std::string with_parameter(const std::string& path, const std::string& name, const std::string& value) {
  return fmt::format("{}{}{}={}", path, path.find('?') == std::string::npos ? '?' : '&', name, escaped(value));
}

Asked<boost::json::object> ask_list(const HubClient& hub, const ListRoute& route, std::int64_t limit) {
  boost::json::object whole;
  boost::json::array items;
  std::string cursor;
  do {
    const auto wanted = std::min(kLargestPage, limit - static_cast<std::int64_t>(items.size()));
    std::string path = route.path;
    if (route.kind == ListRoute::Kind::paged) path = with_parameter(path, "limit", std::to_string(wanted));
    if (!cursor.empty()) path = with_parameter(path, "cursor", cursor);
    auto page = ask(hub, "GET", path);
    if (!page) return page.error();
    auto* array = page->if_contains(route.key);
    if (array == nullptr || !array->is_array()) return not_the_hub();
    for (auto& item : array->get_array()) {
      if (!item.is_object()) return not_the_hub();
      items.push_back(std::move(item));
    }
    cursor = cursor_of(*page);
    if (whole.empty()) whole = std::move(*page);
  } while (!cursor.empty() && static_cast<std::int64_t>(items.size()) < limit);
  whole[route.key] = std::move(items);
  if (route.kind == ListRoute::Kind::paged)
    whole["nextCursor"] = cursor.empty() ? boost::json::value() : boost::json::value(cursor);
  return whole;
}

Column column(std::string heading, const char* member) {
  return {std::move(heading), [member](const boost::json::object& item) {
            const auto* value = item.if_contains(member);
            return value == nullptr ? std::string("-") : in_words(*value);
          }};
}

Lines lines_of(const boost::json::object& object, const std::vector<std::pair<const char*, const char*>>& names) {
  Lines lines;
  for (const auto& [name, member] : names) {
    const auto* value = object.if_contains(member);
    lines.emplace_back(name, value == nullptr ? "-" : in_words(*value));
  }
  return lines;
}

const boost::json::object& object_in(const boost::json::object& object, const char* member) {
  return object.at(member).as_object();
}

std::string table_of(const boost::json::array& items, const std::vector<Column>& columns) {
  std::vector<std::string> cells;
  cells.reserve(columns.size());
  for (const auto& each : columns) cells.push_back(each.heading);
  Table table(cells);
  for (const auto& item : items) {
    cells.clear();
    for (const auto& each : columns) cells.push_back(each.cell(item.as_object()));
    table.add(cells);
  }
  return table.text();
}

Exit show_list(const Task& task, const ListRoute& route, std::int64_t limit, const std::vector<Column>& columns) {
  const auto list = ask_list(task.hub, route, limit);
  if (!list) return list.error();
  const auto& items = list->at(route.key).get_array();
  if (task.format == Format::json) {
    print_json(*list);
  } else {
    write_to(stdout, table_of(items, columns));
  }
  if (!cursor_of(*list).empty()) complain(fmt::format("the first {}; there are more: --limit", items.size()));
  return Exit::done;
}

Asked<std::string> id_of(const HubClient& hub, const ListRoute& route, const char* name_member,
                         const std::string& wanted) {
  if (is_id(wanted)) return wanted;
  const auto list = ask_list(hub, route, std::numeric_limits<std::int64_t>::max());
  if (!list) return list.error();
  std::vector<std::string> ids;
  for (const auto& item : list->at(route.key).get_array()) {
    const auto* name = item.get_object().if_contains(name_member);
    const auto* id = item.get_object().if_contains("id");
    if (name != nullptr && id != nullptr && *name == boost::json::value(wanted)) ids.push_back(in_words(*id));
  }
  if (ids.size() == 1) return ids.front();
  if (ids.empty()) {
    complain("there is none of that name or id: " + printable(wanted));
    return Exit::not_found;
  }
  complain(fmt::format("{} have this name; say which by its id: {}", ids.size(), fmt::join(ids, " ")));
  return Exit::refused;
}

Exit show_done(const Task& task, const Asked<boost::json::object>& answer, const std::string& said) {
  if (!answer) return answer.error();
  if (task.format == Format::json)
    print_json(*answer);
  else
    write_to(stdout, said + "\n");
  return Exit::done;
}

Argument limit_argument(std::int64_t preset) {
  return {"--limit", "how many at most", Need::optional, {}, std::to_string(preset), std::pair(1L, kHighestLimit)};
}

}  // namespace wghub::cli
