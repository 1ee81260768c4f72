#include "apid/endpoint/health_endpoint.h"

#include <string_view>

#include "apid/endpoint/answer.h"

namespace wghub::endpoint {
namespace {

constexpr std::int64_t kWriteMilliseconds = 500;
constexpr std::string_view kReady = "ready";

}  // namespace

http::Response HealthEndpoint::live(const http::Request& /*request*/) {
  return http::json_response(200, {{"status", "live"}});
}

const char* HealthEndpoint::status() {
  if (!stores_.database.is_writable(kWriteMilliseconds)) return "database-busy";
  if (setup_.is_required() || !hub_.config()) return "setup";
  if (reconciler_.health() != Reconciler::Health::good) return "helper-unavailable";
  return kReady.data();
}

http::Response HealthEndpoint::ready(const http::Request& /*request*/) {
  const std::string_view state = status();
  return http::json_response(state == kReady ? 200 : 503, {{"status", state}});
}

http::Response HealthEndpoint::details(const http::Request& /*request*/) {
  const auto since = reconciler_.seconds_since_pass();
  const auto totals = reconciler_.totals();
  return http::json_response(200, {{"status", status()},
                                   {"reconciledSecondsAgo", since ? boost::json::value(*since) : boost::json::value()},
                                   {"corrections",
                                    {{"added", totals.added},
                                     {"removed", totals.removed},
                                     {"corrected", totals.corrected},
                                     {"foreignKept", totals.foreign_kept},
                                     {"failed", totals.failed}}}});
}

}  // namespace wghub::endpoint
