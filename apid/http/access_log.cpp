#include "apid/http/access_log.h"

#include <algorithm>

#include "apid/http/text.h"
#include "common/log.h"

namespace wghub::http {
namespace {

constexpr std::string_view kMask = "[token]";
constexpr std::string_view kBeforeToken = "/script/";
// No path of ours has so many such characters on end (an id has 36): it is a secret pasted in the wrong place.
constexpr std::size_t kLong = 40;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

std::string without_long_words(std::string_view path) {
  std::string masked;
  while (!path.empty()) {
    const auto end = std::find_if_not(path.begin(), path.end(), is_token_character);
    const auto length = static_cast<std::size_t>(end - path.begin());
    masked += length < kLong ? path.substr(0, length) : kMask;
    if (length < path.size()) masked += path[length];
    path.remove_prefix(std::min(length + 1, path.size()));
  }
  return masked;
}

}  // namespace

std::string loggable_path(std::string_view path) {
  const auto place = path.find(kBeforeToken);
  if (place == std::string_view::npos) return printable(without_long_words(path), 256);
  return printable(without_long_words(path.substr(0, place + kBeforeToken.size())), 256) + std::string(kMask);
}

void log_access(const Request& request, std::string_view method, unsigned status, std::chrono::microseconds duration) {
  log::info("Request answered", {{"request_id", request.request_id},
                                 {"method", printable(method, 16)},
                                 {"path", loggable_path(request.path)},
                                 {"status", static_cast<std::int64_t>(status)},
                                 {"duration_us", static_cast<std::int64_t>(duration.count())},
                                 {"client", to_string(request.client)},
                                 {"actor", request.caller.name}});
}

}  // namespace wghub::http
