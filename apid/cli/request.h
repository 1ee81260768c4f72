// What most commands do: ask the hub for JSON, find a thing by its name, show a list of however many pages.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "apid/cli/command.h"
#include "common/result.h"

namespace wghub::cli {

/// A value, or what to end with after stderr was told why.
template <class T>
using Asked = Result<T, Exit>;

/// The JSON object that the hub answers.
Asked<boost::json::object> ask(const HubClient& hub, const char* method, const std::string& path,
                               const boost::json::object& body = {},
                               HubClient::Patience patience = HubClient::Patience::usual);

/// "?a=1&b=2" of those that have a value; values are escaped.
std::string query_of(const std::vector<std::pair<std::string, std::string>>& values);

/// `path` with another parameter.
std::string with_parameter(const std::string& path, const std::string& name, const std::string& value);

/// A list of the API.
struct ListRoute {
  std::string path;  ///< with its filters
  std::string key;   ///< of the array in its answer
  enum class Kind { whole, paged } kind = Kind::paged;
};

/// The first answer, its array as long as limit allows; `nextCursor` is null when that was all.
Asked<boost::json::object> ask_list(const HubClient& hub, const ListRoute& route, std::int64_t limit);

/// A column of a table and what stands in it.
struct Column {
  std::string heading;
  std::function<std::string(const boost::json::object&)> cell;
};

/// A column that shows a member in words.
Column column(std::string heading, const char* member);

/// "name   value" of some members, in words.
using Lines = std::vector<std::pair<std::string, std::string>>;
Lines lines_of(const boost::json::object& object, const std::vector<std::pair<const char*, const char*>>& names);

/// A member that the API promises to be an object, or an array of objects.
/// Errors: std::exception when what answered is another API.
const boost::json::object& object_in(const boost::json::object& object, const char* member);

/// The items of a list as a table, however many.
std::string table_of(const boost::json::array& items, const std::vector<Column>& columns);

/// A table, or JSON as the API has it. Says on stderr when limit left something out.
Exit show_list(const Task& task, const ListRoute& route, std::int64_t limit, const std::vector<Column>& columns);

/// The id of the one thing of that name; an id is taken as it is.
/// Errors: none or several have the name, which is told.
Asked<std::string> id_of(const HubClient& hub, const ListRoute& route, const char* name_member,
                         const std::string& wanted);

/// The hub's word about something done: said, or as JSON the answer.
Exit show_done(const Task& task, const Asked<boost::json::object>& answer, const std::string& said);

/// The argument of lists, and how many rows a list of live things has at most when nothing is said.
Argument limit_argument(std::int64_t preset);
inline constexpr std::int64_t kUsualLimit = 10'000;

}  // namespace wghub::cli
