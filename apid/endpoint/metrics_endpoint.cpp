#include "apid/endpoint/metrics_endpoint.h"

#include <prometheus/text_serializer.h>

#include "apid/endpoint/process_figures.h"
#include "apid/http/error_table.h"

namespace wghub::endpoint {
namespace {

constexpr auto kFormat = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace

http::Response MetricsEndpoint::metrics(const http::Request& request) {
  MetricList list;
  if (const auto read = figures_.add_to(list, request.caller.credential_id); !read)
    return http::render_json_error(read.error(), request);
  add_process_figures(list);
  auto families = meter_.collect();
  families.insert(families.end(), list.families().begin(), list.families().end());
  http::Response response;
  response.content_type = kFormat;
  response.body = prometheus::TextSerializer().Serialize(families);
  return response;
}

}  // namespace wghub::endpoint
