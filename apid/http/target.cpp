#include "apid/http/target.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace wghub::http {
namespace {

// An encoded slash would make two segments out of one behind a proxy that looked at the path before us.
bool is_plain_path(std::string_view encoded, std::string_view decoded) {
  const bool control = std::any_of(decoded.begin(), decoded.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f || character == '\\';
  });
  return !control && std::count(encoded.begin(), encoded.end(), '/') == std::count(decoded.begin(), decoded.end(), '/');
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  const auto parsed = boost::urls::parse_origin_form(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return std::nullopt;
  Target target;
  target.path = parsed->path();
  const auto encoded = parsed->encoded_path();
  if (!is_plain_path({encoded.data(), encoded.size()}, target.path)) return std::nullopt;
  if (parsed->encoded_query().empty()) return target;
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  for (const auto& parameter : parsed->params(options))
    target.query.emplace_back(std::string(parameter.key), std::string(parameter.value));
  return target;
}

}  // namespace wghub::http
