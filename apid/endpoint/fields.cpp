#include "apid/endpoint/fields.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <ctime>

#include "apid/http/json.h"
#include "common/number.h"

#include "common/key.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kIdBytes = 36;

bool is_control(char character, std::string_view allowed) {
  const auto byte = static_cast<unsigned char>(character);
  return (byte < 0x20 || byte == 0x7f) && allowed.find(character) == std::string_view::npos;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t number = 0;
  return parse_number(text, number) ? std::optional(number) : std::nullopt;
}

std::optional<Cursor> decode_cursor(const std::string& text) {
  std::string plain(text.size(), '\0');
  std::size_t length = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(plain.data()), plain.size(), text.data(), text.size(), nullptr,
                        &length, nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
    return std::nullopt;
  plain.resize(length);
  const auto colon = plain.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto at = to_integer(std::string_view(plain).substr(0, colon));
  if (!at || *at < 0) return std::nullopt;
  return Cursor{*at, plain.substr(colon + 1)};
}

bool is_row_id(const std::string& id) {
  return id.size() <= kIdBytes && id.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

// A client's name of a field: shown only as far as it looks like one.
std::string shown(const std::string& name) {
  const bool plain = !name.empty() && name.size() <= 64 &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
  return plain ? name : "?";
}

std::optional<Error> to_error(const std::vector<FieldFault>& faults) {
  if (faults.empty()) return std::nullopt;
  Error error(ErrorCode::invalid_request, fmt::format("{} {}.", faults.front().field, faults.front().message));
  error.faults = faults;
  return error;
}

}  // namespace

const boost::json::value* Fields::find(std::string_view name) {
  known_.emplace(name);
  return object_.if_contains(name);
}

void Fields::fault(std::string_view name, std::string message) {
  const bool known =
      std::any_of(faults_.begin(), faults_.end(), [&](const auto& fault) { return fault.field == name; });
  if (!known) faults_.push_back({std::string(name), std::move(message)});
}

std::optional<std::string> Fields::string_of(const boost::json::value& value, std::string_view name,
                                             std::size_t longest, std::string_view allowed_controls) {
  if (!value.is_string()) {
    fault(name, "must be a string");
    return std::nullopt;
  }
  std::string text(value.get_string());
  if (text.size() > longest) {
    fault(name, fmt::format("must have at most {} bytes", longest));
  } else if (std::any_of(text.begin(), text.end(), [&](char c) { return is_control(c, allowed_controls); })) {
    fault(name, "must not hold control characters");
  } else {
    return text;
  }
  return std::nullopt;
}

std::string Fields::text(std::string_view name, std::size_t longest) {
  const auto* value = find(name);
  if (value == nullptr) {
    fault(name, "is missing");
    return "";
  }
  return string_of(*value, name, longest, "").value_or("");
}

std::string Fields::long_text(std::string_view name, std::size_t longest) {
  const auto* value = find(name);
  if (value == nullptr) return "";
  return string_of(*value, name, longest, "\n\t\r").value_or("");
}

std::optional<std::string> Fields::optional_text(std::string_view name, std::size_t longest) {
  const auto* value = find(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  return string_of(*value, name, longest, "");
}

std::int64_t Fields::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr) {
    fault(name, "is missing");
    return least;
  }
  return optional_integer(name, least, most).value_or(least);
}

std::optional<std::int64_t> Fields::optional_integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const bool in_range = value->is_int64() && value->get_int64() >= least && value->get_int64() <= most;
  if (!in_range) {
    fault(name, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }
  return value->get_int64();
}

std::optional<bool> Fields::optional_boolean(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) {
    fault(name, "must be true or false");
    return std::nullopt;
  }
  return value->get_bool();
}

std::optional<std::vector<std::string>> Fields::optional_texts(std::string_view name, std::size_t most,
                                                               std::size_t longest) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array() || value->get_array().size() > most) {
    fault(name, fmt::format("must be an array of at most {} strings", most));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const auto& element : value->get_array()) {
    auto text = string_of(element, name, longest, "");
    if (!text) return std::nullopt;
    texts.push_back(std::move(*text));
  }
  return texts;
}

const boost::json::object* Fields::optional_object(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_object()) fault(name, "must be an object");
  return value->if_object();
}

const boost::json::array* Fields::array(std::string_view name, std::size_t most) {
  const auto* value = find(name);
  const auto* array = value == nullptr ? nullptr : value->if_array();
  if (array != nullptr && !array->empty() && array->size() <= most) return array;
  fault(name, fmt::format("must be an array of 1 to {} elements", most));
  return nullptr;
}

std::optional<Error> Fields::finish() const {
  for (const auto& member : object_) {
    const std::string name(member.key());
    if (known_.contains(name)) continue;
    Error error(ErrorCode::unknown_field);
    error.faults.push_back({shown(name), "is not known"});
    return error;
  }
  return to_error(faults_);
}

Role read_role(Fields& fields) {
  const auto role = parse_role(fields.text("role", 16));
  if (!role) fields.fault("role", "must be viewer, operator or admin");
  return role.value_or(Role::viewer);
}

std::optional<std::string> Query::text(std::string_view name, std::size_t longest) {
  known_.emplace(name);
  std::optional<std::string> found;
  for (const auto& [key, value] : request_.query) {
    if (key != name) continue;
    const bool bad = found || value.size() > longest ||
                     std::any_of(value.begin(), value.end(), [](char character) { return is_control(character, ""); });
    if (bad) {
      faults_.push_back({std::string(name), "must stand once, be short and hold no control characters"});
      return std::nullopt;
    }
    found = value;
  }
  return found;
}

std::optional<std::string> Query::word(std::string_view name, const std::vector<std::string_view>& words) {
  auto value = text(name);
  if (!value || std::find(words.begin(), words.end(), *value) != words.end()) return value;
  faults_.push_back({std::string(name), fmt::format("must be one of {}", fmt::join(words, ", "))});
  return std::nullopt;
}

PageRequest Query::page(PageSize size) { return page_of(is_row_id, size); }

PageRequest Query::peer_page() {
  return page_of([](const std::string& id) { return parse_public_key(id).has_value(); }, {});
}

PageRequest Query::page_of(bool (*is_id)(const std::string&), PageSize size) {
  PageRequest page;
  page.limit = size.usual;
  if (const auto limit = text("limit")) {
    const auto number = to_integer(*limit);
    if (number && *number >= 1 && *number <= size.most) {
      page.limit = static_cast<int>(*number);
    } else {
      faults_.push_back({"limit", fmt::format("must be a whole number from 1 to {}", size.most)});
    }
  }
  if (const auto cursor = text("cursor")) {
    page.after = decode_cursor(*cursor);
    if (!page.after || !is_id(page.after->id)) faults_.push_back({"cursor", "must be a nextCursor of this list"});
  }
  return page;
}

std::optional<std::int64_t> Query::time(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::tm calendar{};
  const char* end = strptime(value->c_str(), "%Y-%m-%dT%H:%M:%SZ", &calendar);
  const auto time = end != nullptr && *end == '\0' ? timegm(&calendar) : -1;
  // strptime takes blanks, short numbers and the 31st of February; what is written back alike is meant.
  if (http::to_timestamp(time) == *value) return time;
  faults_.push_back({std::string(name), "must be a time as YYYY-MM-DDTHH:MM:SSZ"});
  return std::nullopt;
}

std::optional<Error> Query::finish() const {
  for (const auto& [key, value] : request_.query) {
    if (known_.contains(key)) continue;
    Error error(ErrorCode::invalid_request, "The query has a parameter that is not known.");
    error.faults.push_back({shown(key), "is not known"});
    return error;
  }
  return to_error(faults_);
}

boost::json::value encode_cursor(const std::optional<Cursor>& cursor) {
  if (!cursor) return nullptr;
  const std::string plain = fmt::format("{}:{}", cursor->at, cursor->id);
  std::string text(sodium_base64_encoded_len(plain.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  text.pop_back();  // the terminating zero
  return boost::json::string(text);
}

}  // namespace wghub::endpoint
