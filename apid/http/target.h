// The request target: path and query of origin-form, percent-decoded (RFC 9112 3.2.1). Other forms are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wghub::http {

struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  ///< in order, repeats kept
};

/// Nothing for a bad percent sign, a character outside RFC 3986, an encoded slash, or a control character in the path.
std::optional<Target> parse_target(std::string_view text);

}  // namespace wghub::http
