#include "apid/http/json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>
#include <set>
#include <vector>

namespace wghub::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 16;

// Boost.JSON keeps the last of two equal keys without a word, so a first pass looks at the keys alone.
// The shape of this class is what json::basic_parser asks of a handler.
class DuplicateFinder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the parser's own names
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  // NOLINTEND(readability-identifier-naming)

  bool on_object_begin(json::error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    keys_.pop_back();
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_.append(part.data(), part.size());
    const bool fresh = keys_.back().insert(std::move(key_)).second;
    key_.clear();
    if (!fresh) error = json::make_error_code(json::error::syntax);
    return fresh;
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string key_;
};

json::parse_options options() {
  json::parse_options result;
  result.max_depth = kMaxDepth;
  return result;
}

bool has_duplicate_key(std::string_view text) {
  json::basic_parser<DuplicateFinder> parser{options()};
  json::error_code error;
  parser.write_some(false, text.data(), text.size(), error);
  return static_cast<bool>(error);
}

}  // namespace

Outcome<json::object> parse_object(std::string_view text) {
  json::error_code error;
  auto value = json::parse(text, error, {}, options());
  if (error || has_duplicate_key(text)) return ErrorCode::invalid_json;
  if (!value.is_object()) return Error{ErrorCode::invalid_request, "The body must be a JSON object."};
  return std::move(value.get_object());
}

Response json_response(unsigned status, const json::object& body) {
  Response response;
  response.status = status;
  response.body = json::serialize(body);
  return response;
}

std::string to_timestamp(std::int64_t epoch_seconds) {
  const std::time_t time = epoch_seconds;
  std::tm calendar{};
  if (gmtime_r(&time, &calendar) == nullptr) return {};
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", calendar);
}

}  // namespace wghub::http
