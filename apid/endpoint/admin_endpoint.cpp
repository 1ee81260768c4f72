#include "apid/endpoint/admin_endpoint.h"

#include "apid/endpoint/answer.h"

namespace wghub::endpoint {

http::Response AdminEndpoint::new_setup_code(const http::Request& request) {
  return answer(setup_.new_code(), request, 201, [](const Secret& code) {
    return boost::json::object{{"setupCode", code.reveal()}};
  });
}

http::Response AdminEndpoint::show_conf(const http::Request& request) {
  const auto conf = hub_.show_conf();
  if (!conf) return http::render_json_error(conf.error(), request);
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = *conf;
  return response;
}

}  // namespace wghub::endpoint
