#include "apid/http/access_log.h"

#include "apid/http/text.h"
#include "common/log.h"

namespace wghub::http {
namespace {

constexpr std::string_view kBeforeToken = "/script/";

}  // namespace

std::string loggable_path(std::string_view path) {
  const auto place = path.find(kBeforeToken);
  if (place == std::string_view::npos) return printable(path, 256);
  return printable(path.substr(0, place + kBeforeToken.size()), 256) + "[token]";
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
