// Reads the fields of a request: each with its limit, faults collected, what is not known refused.
// Leaves the meaning of a value to the endpoint and the services.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apid/http/message.h"
#include "apid/model/page.h"
#include "common/error.h"
#include "common/role.h"

namespace wghub::endpoint {

/// For texts whose form has an error code of its own, which a too long one gets as well; no body is larger.
inline constexpr std::size_t kFormBytes = 64UL * 1024;

/// A password, a set-up code; what is accepted is shorter.
inline constexpr std::size_t kSecretBytes = 1024;

/// Six digits or a recovery code, also with spaces between.
inline constexpr std::size_t kCodeBytes = 32;

/// One JSON object of a body. Ask for every field, then finish(); values are only good when that is empty.
class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(object) {}

  /// Due; without control characters; at most so many bytes.
  std::string text(std::string_view name, std::size_t longest);
  /// May be absent or null.
  std::optional<std::string> optional_text(std::string_view name, std::size_t longest);
  /// Due; line feeds and tabs allowed.
  std::string long_text(std::string_view name, std::size_t longest);
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> optional_boolean(std::string_view name);
  /// Nothing when absent; every element a text without control characters.
  std::optional<std::vector<std::string>> optional_texts(std::string_view name, std::size_t most, std::size_t longest);
  /// Nothing when absent or null.
  const boost::json::object* optional_object(std::string_view name);
  /// Due; nothing when it is no array of 1 to most elements.
  const boost::json::array* array(std::string_view name, std::size_t most);

  bool has(std::string_view name) const { return object_.contains(name); }
  /// The first fault of a field is the one that is told.
  void fault(std::string_view name, std::string message);

  /// UNKNOWN_FIELD, or INVALID_REQUEST with every fault, or nothing.
  std::optional<Error> finish() const;

 private:
  const boost::json::value* find(std::string_view name);
  std::optional<std::string> string_of(const boost::json::value& value, std::string_view name, std::size_t longest,
                                       std::string_view allowed_controls);

  const boost::json::object& object_;
  std::set<std::string, std::less<>> known_;
  std::vector<FieldFault> faults_;
};

/// Field `role`, due.
Role read_role(Fields& fields);

/// The query of a request, likewise: every name at most once, no name that was not asked for.
struct PageSize {
  int usual = 100;
  int most = 1000;
};

class Query {
 public:
  explicit Query(const http::Request& request) : request_(request) {}

  std::optional<std::string> text(std::string_view name, std::size_t longest = 256);
  /// One of the words, else a fault.
  std::optional<std::string> word(std::string_view name, const std::vector<std::string_view>& words);
  /// limit and cursor of a list; without limit as many as usual.
  PageRequest page(PageSize size = {});
  /// The same of a list of peers.
  PageRequest peer_page();
  /// YYYY-MM-DDTHH:MM:SSZ as epoch seconds.
  std::optional<std::int64_t> time(std::string_view name);

  /// INVALID_REQUEST with every fault, or nothing.
  std::optional<Error> finish() const;

 private:
  PageRequest page_of(bool (*is_id)(const std::string&), PageSize size);

  const http::Request& request_;
  std::set<std::string, std::less<>> known_;
  std::vector<FieldFault> faults_;
};

/// The text that a list gives as nextCursor; null at the end.
boost::json::value encode_cursor(const std::optional<Cursor>& cursor);

}  // namespace wghub::endpoint
