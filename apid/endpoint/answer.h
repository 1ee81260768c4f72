// From an outcome of a service to an answer, in one way for all endpoints.
#pragma once

#include <utility>

#include "apid/http/error_table.h"
#include "apid/http/json.h"
#include "apid/http/message.h"
#include "common/error.h"

namespace wghub::endpoint {

/// The error as JSON, or encode(value) with the status.
template <class T, class Encode>
http::Response answer(const Outcome<T>& outcome, const http::Request& request, unsigned status, Encode encode) {
  if (!outcome) return http::render_json_error(outcome.error(), request);
  return http::json_response(status, encode(*outcome));
}

/// {"success":true,"message":…}, or the error.
inline http::Response answer_done(const Outcome<Done>& outcome, const http::Request& request, const char* message) {
  return answer(outcome, request, 200, [&](const Done&) {
    return boost::json::object{{"success", true}, {"message", message}};
  });
}

}  // namespace wghub::endpoint
