// One row of the route table. The table itself is apid/endpoint/routes.cpp.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "apid/http/message.h"
#include "common/error.h"

namespace wghub::http {

/// Who may use a route. There is no default: a row without it does not compile.
enum class Access {
  open,       ///< anybody, also before set-up
  signed_in,  ///< any account
  session,    ///< any account, but its person: an API token is refused
  viewer,     ///< this role or one above it, and root on the admin socket; the next two likewise
  operator_,
  admin,
  root,  ///< only on the admin socket, which only uid 0 may open; served nowhere else
};

/// Whether a session must have given its password within the last 10 minutes. API tokens have none to give. No default
/// either.
enum class StepUp { none, needed };

enum class Body { none, json };

/// Which threads run the handler: `write` is the pool of 64, `read` the 8 beside it (design §9).
enum class Lane { read, write };

using Handler = std::function<Response(const Request&)>;
using ErrorRenderer = std::function<Response(const Error&, const Request&)>;

struct Route {
  Route(Method route_method, std::string route_pattern, Access route_access, StepUp route_step_up, Body route_body,
        Lane route_lane, Handler route_handler, ErrorRenderer renderer = nullptr)
      : method(route_method),
        pattern(std::move(route_pattern)),
        access(route_access),
        step_up(route_step_up),
        body(route_body),
        lane(route_lane),
        handler(std::move(route_handler)),
        render_error(std::move(renderer)) {}

  Method method;
  std::string pattern;  ///< "/api/spoke/{id}/status": a {…} matches one non-empty path segment
  Access access;
  StepUp step_up;
  Body body;
  Lane lane;
  Handler handler;
  ErrorRenderer render_error;  ///< empty: JSON (D17). Also shapes errors found before the handler runs.
};

}  // namespace wghub::http
