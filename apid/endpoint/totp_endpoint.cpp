#include "apid/endpoint/totp_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"

namespace wghub::endpoint {

http::Response TotpEndpoint::offer(const http::Request& request) {
  const auto offered = second_factor_.offer(request.caller.user_id, actor_of(request));
  return answer(offered, request, 201, [](const TotpOffer& offer) {
    return boost::json::object{{"secret", offer.secret.reveal()}, {"uri", offer.uri.reveal()}};
  });
}

http::Response TotpEndpoint::confirm(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  const Secret code(fields.text("totp", kCodeBytes));
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  const auto confirmed = second_factor_.confirm(request.caller.user_id, code, actor_of(request));
  return answer(confirmed, request, 200, [](const std::vector<Secret>& codes) {
    boost::json::array array;
    for (const auto& each : codes) array.emplace_back(each.reveal());
    return boost::json::object{{"recoveryCodes", std::move(array)}};
  });
}

http::Response TotpEndpoint::remove(const http::Request& request) {
  return answer_done(second_factor_.remove(request.caller.user_id, actor_of(request)), request,
                     "Second factor removed successfully");
}

}  // namespace wghub::endpoint
