#include "apid/endpoint/session_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/service/identifiers.h"

namespace wghub::endpoint {

http::Response SessionEndpoint::list(const std::string& user_id, const http::Request& request) {
  return answer(sessions_.list_of(user_id), request, 200, [&](const std::vector<Session>& sessions) {
    boost::json::array array;
    for (const auto& session : sessions) array.push_back(encode(session, request.caller.credential_id));
    return boost::json::object{{"sessions", std::move(array)}, {"totalCount", sessions.size()}};
  });
}

http::Response SessionEndpoint::list_own(const http::Request& request) { return list(request.caller.user_id, request); }

http::Response SessionEndpoint::end_own(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(sessions_.end(request.caller.user_id, request.parameters[0], actor_of(request)), request,
                     "Session ended successfully");
}

http::Response SessionEndpoint::end_others(const http::Request& request) {
  const auto& caller = request.caller;
  return answer_done(sessions_.end_others(caller.user_id, caller.credential_id, actor_of(request)), request,
                     "Other sessions ended successfully");
}

http::Response SessionEndpoint::list_of_user(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return list(request.parameters[0], request);
}

http::Response SessionEndpoint::end_of_user(const http::Request& request) {
  if (!is_uuid(request.parameters[0])) return http::render_json_error(ErrorCode::not_found, request);
  return answer_done(sessions_.end_others(request.parameters[0], "", actor_of(request)), request,
                     "Sessions ended successfully");
}

}  // namespace wghub::endpoint
