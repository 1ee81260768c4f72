// Bodies -> every endpoint that decodes JSON, as the signed-in admin. The first byte chooses the route, the second what
// the client accepts. Nothing that comes in may be an internal error, and every answer must be sound.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/hub.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

std::vector<const http::Route*> json_routes(const Hub& hub) {
  std::vector<const http::Route*> routes;
  for (const auto& route : hub.router().routes())
    if (route.body == http::Body::json) routes.push_back(&route);
  return routes;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Hubs hubs;
  auto body = text_of(data, size);
  const auto choice = take_byte(body);
  Hub& hub = choice < 128 ? hubs.in_use() : hubs.untouched();
  const auto routes = json_routes(hub);
  const auto& route = *routes[choice % routes.size()];
  http::Request request;
  request.method = route.method;
  request.path = route.pattern;
  request.parameters.assign(static_cast<std::size_t>(std::count(route.pattern.begin(), route.pattern.end(), '{')),
                            hub.admin().user_id);
  request.accept = take_byte(body) % 2 == 0 ? "application/json" : "text/plain";
  request.client = *parse_address("198.51.100.7");
  request.request_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  request.caller = hub.admin();
  request.body = std::string(body);
  check(route.handler(request), request);
  return 0;
}
