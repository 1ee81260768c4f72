#include "apid/http/router.h"

#include <algorithm>
#include <array>
#include <exception>

#include "apid/http/error_table.h"
#include "apid/http/method.h"
#include "apid/http/text.h"
#include "common/log.h"

namespace wghub::http {
namespace {

constexpr std::array kMethodOrder = {Method::get, Method::head, Method::post, Method::put, Method::del};

std::string_view next_segment(std::string_view& rest) {
  const auto end = rest.find('/', 1);
  const auto segment = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  return segment;
}

// Both texts start with '/'; segments are compared with their leading slash.
bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = next_segment(pattern);
    const auto given = next_segment(path);
    if (wanted.size() > 2 && wanted[1] == '{') {
      if (given.size() < 2) return false;
      parameters.emplace_back(given.substr(1));
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

bool takes(const Route& route, Method method) {
  return route.method == method || (method == Method::head && route.method == Method::get);
}

bool is_write(Method method) { return method == Method::post || method == Method::put || method == Method::del; }

bool allows(Access access, const Caller& caller) {
  switch (access) {
    case Access::open:
    case Access::signed_in:
    case Access::viewer:
      return true;
    case Access::session:
      return caller.credential == Credential::session;
    case Access::operator_:
      return caller.role != Role::viewer;
    case Access::admin:
      return caller.role == Role::admin;
    case Access::root:
      return false;
  }
  return false;
}

bool is_same_origin(const Credentials& credentials) {
  if (!credentials.sec_fetch_site.empty() && credentials.sec_fetch_site != "same-origin") return false;
  if (credentials.origin.empty()) return true;
  const auto own = "https://" + credentials.own_host;
  const auto origin = to_lower(credentials.origin);
  // A browser leaves the default port out of Origin; whether a proxy leaves it out of Host is not ours to say.
  return origin == own || origin + ":443" == own;
}

// Somebody without any credential is no attempt: so begins every visit.
bool is_denial(ErrorCode code, const Credentials& credentials) {
  if (code == ErrorCode::unauthenticated)
    return credentials.bearer_malformed || !credentials.bearer.empty() || !credentials.cookie.empty();
  return code == ErrorCode::forbidden || code == ErrorCode::csrf_failed || code == ErrorCode::step_up_required;
}

Response refuse(const Route& route, const Error& error, const Request& request) {
  return route.render_error ? route.render_error(error, request) : render_json_error(error, request);
}

}  // namespace

bool is_served(Access access, Door door) {
  switch (access) {
    case Access::open:
    case Access::signed_in:
    case Access::session:
      return door == Door::network;
    case Access::viewer:
    case Access::operator_:
    case Access::admin:
      return true;
    case Access::root:
      return door == Door::admin_socket;
  }
  return false;
}

Router::Router(std::vector<Route> routes, Authenticator& authenticator)
    : routes_(std::move(routes)), authenticator_(authenticator) {}

Match Router::match(Method method, std::string_view path, Door door) const {
  Match result;
  if (path.empty() || path.front() != '/') return result;
  std::vector<std::string> parameters;
  std::array<bool, kMethodOrder.size()> allowed{};
  for (const auto& route : routes_) {
    if (!is_served(route.access, door)) continue;
    if (!fits(route.pattern, path, parameters)) continue;
    result.path_exists = true;
    for (std::size_t i = 0; i < kMethodOrder.size(); ++i) allowed[i] = allowed[i] || takes(route, kMethodOrder[i]);
    // The first row wins, so a table puts fixed segments before {…}.
    if (result.route == nullptr && takes(route, method)) {
      result.route = &route;
      result.parameters = parameters;
    }
  }
  if (!result.path_exists) return result;
  for (std::size_t i = 0; i < kMethodOrder.size(); ++i)
    if (allowed[i]) result.allow.append(name_of(kMethodOrder[i])).append(", ");
  result.allow += name_of(Method::options);
  return result;
}

std::optional<Error> Router::admit(const Route& route, Request& request, const Credentials& credentials) const {
  // What came in over the admin socket is marked as root's.
  const bool by_root = request.caller.credential == Credential::root;
  if (!is_served(route.access, by_root ? Door::admin_socket : Door::network)) return ErrorCode::not_found;
  if (route.access == Access::open || route.access == Access::root) return std::nullopt;
  if (authenticator_.setup_required()) return ErrorCode::setup_required;
  if (by_root) return std::nullopt;

  const bool by_token = credentials.bearer_malformed || !credentials.bearer.empty();
  std::optional<Caller> caller;
  if (!credentials.bearer_malformed && !credentials.bearer.empty())
    caller = authenticator_.by_api_token(credentials.bearer.reveal());
  else if (!by_token && !credentials.cookie.empty())
    caller = authenticator_.by_session(credentials.cookie.reveal(), credentials.use);
  if (!caller) return ErrorCode::unauthenticated;
  request.caller = *caller;

  if (!by_token && is_write(request.method) &&
      (!is_same_origin(credentials) || credentials.csrf_header.empty() ||
       !authenticator_.csrf_matches(credentials.cookie.reveal(), credentials.csrf_header)))
    return ErrorCode::csrf_failed;
  if (!allows(route.access, *caller))
    return route.access == Access::session ? Error(ErrorCode::forbidden, "Only a person's session may do this.")
                                           : Error(ErrorCode::forbidden);
  if (route.step_up == StepUp::needed && !by_token && !caller->stepped_up) return ErrorCode::step_up_required;
  return std::nullopt;
}

Response Router::handle(const Route& route, Request& request, const Credentials& credentials) const {
  try {
    if (const auto refusal = admit(route, request, credentials)) {
      if (is_denial(refusal->code, credentials)) authenticator_.note_denied(request, row_of(refusal->code).code);
      return refuse(route, *refusal, request);
    }
    return route.handler(request);
  } catch (const std::exception& fault) {
    log::error("A request failed unexpectedly",
               {{"request_id", request.request_id}, {"route", route.pattern}, {"fault", fault.what()}});
  }
  return refuse(route, ErrorCode::internal, request);
}

}  // namespace wghub::http
