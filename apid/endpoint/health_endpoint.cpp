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

}  // namespace wghub::endpoint
