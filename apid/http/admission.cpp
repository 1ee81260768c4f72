#include "apid/http/admission.h"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "apid/http/answer.h"
#include "apid/http/client_address.h"
#include "apid/http/credentials.h"
#include "apid/http/error_table.h"
#include "apid/http/method.h"
#include "apid/http/target.h"
#include "apid/http/text.h"

namespace wghub::http {
namespace {

constexpr std::size_t kUserAgentBytes = 256;

std::string make_request_id() { return to_string(boost::uuids::random_generator()()); }

Request read_request(const Head& head, const Address& peer, const AdmissionRules& rules) {
  Request request;
  request.request_id = make_request_id();
  request.accept = std::string(head.value("accept"));
  request.user_agent = printable(head.value("user-agent"), kUserAgentBytes);
  request.last_event_id = std::string(head.value("last-event-id"));
  request.client = client_of(peer, rules.trusted_proxies, head.values("x-forwarded-for"));
  return request;
}

Response options_answer(const Head& head, const std::string& allow, bool from_origin) {
  Response response;
  response.status = 204;
  response.headers.emplace_back("Allow", allow);
  if (from_origin && !head.value("access-control-request-method").empty()) {
    response.headers.emplace_back("Access-Control-Allow-Methods", allow);
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
  }
  return response;
}

// Paths that no route has: the dashboard's files, and its index page for whatever a browser asks for outside /api.
std::optional<Response> static_answer(const Head& head, const Request& request, bool readable,
                                      const AdmissionRules& rules) {
  if (is_api_path(request.path)) return std::nullopt;
  const bool is_page = names_media_type(request.accept, "text/html") && rules.files.contains("/");
  if (!rules.files.contains(request.path) && !is_page) return std::nullopt;
  if (request.method == Method::options) return options_answer(head, "GET, HEAD, OPTIONS", false);
  if (!readable) {
    auto response = render_json_error(ErrorCode::method_not_allowed, request);
    response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  return rules.files.answer(rules.files.contains(request.path) ? request.path : "/", head.value("accept-encoding"),
                            head.value("if-none-match"));
}

// 411, 413, 415, and bodies where none belongs.
std::optional<ErrorCode> framing_fault(const Head& head, Method method, const Route& route) {
  const bool may_have_body = method == Method::post || method == Method::put;
  if (!may_have_body) return head.has_body() ? std::optional(ErrorCode::bad_framing) : std::nullopt;
  if (route.body == Body::json && !head.length && !head.chunked) return ErrorCode::length_required;
  if (head.length.value_or(0) > kBodyBytes) return ErrorCode::body_too_large;
  if (route.body == Body::json &&
      !equals_ignoring_case(split(head.value("content-type"), ';').front(), "application/json"))
    return ErrorCode::unsupported_media_type;
  return std::nullopt;
}

void decide(Admission& admission, const Head& head, std::optional<Method> method, const Match& match,
            const AdmissionRules& rules, Door door) {
  auto& request = admission.request;
  if (admission.route != nullptr) {
    if (const auto fault = framing_fault(head, request.method, *admission.route)) {
      admission.close = admission.close || *fault != ErrorCode::unsupported_media_type;
      admission.answer = refuse(admission, *fault);
    }
    return;
  }
  if (match.path_exists && method == Method::options) {
    admission.answer = options_answer(head, match.allow, admission.from_origin);
  } else if (match.path_exists) {
    admission.answer = refuse(admission, ErrorCode::method_not_allowed);
    admission.answer->headers.emplace_back("Allow", match.allow);
  } else {
    const bool readable = method == Method::get || method == Method::head;
    if (door == Door::network) admission.answer = static_answer(head, request, readable, rules);
    if (!admission.answer) admission.answer = refuse(admission, ErrorCode::not_found);
  }
  // Even a file may not be asked for with a body.
  if (head.has_body() && (method == Method::get || method == Method::head || method == Method::del))
    admission.answer = refuse(admission, ErrorCode::bad_framing);
}

}  // namespace

Admission admit(const Head& head, const Address& peer, Door door, const AdmissionRules& rules) {
  Admission admission;
  auto& request = admission.request;
  request = read_request(head, peer, rules);
  const auto method = method_of(head.method);
  request.method = method.value_or(Method::get);
  auto target = parse_target(head.target);
  Match match;
  if (target) {
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    match = rules.router.match(method.value_or(Method::options), request.path, door);
    admission.route = match.route;
    request.parameters = std::move(match.parameters);
  }
  admission.from_origin = !rules.cors_origin.empty() && head.value("origin") == rules.cors_origin;
  // A body that nobody will read is not taken apart from what follows it.
  const bool misdirected = door == Door::network && !rules.hosts.allows(head.value("host"));
  if (misdirected)
    admission.answer = refuse(admission, ErrorCode::misdirected_request);
  else if (!target)
    admission.answer = refuse(admission, Error{ErrorCode::invalid_request, "The path or query is not valid."});
  else
    decide(admission, head, method, match, rules, door);
  if (admission.answer) {
    admission.close = admission.close || head.has_body();
    return admission;
  }
  admission.credentials = read_credentials(head);
  if (door == Door::admin_socket) request.caller = {Credential::root, "root", "", "root", "root", Role::admin};
  request.session_cookie = admission.credentials.cookie;
  return admission;
}

Admission admit_unreadable(const Address& peer, ErrorCode fault) {
  Admission admission;
  admission.request.request_id = make_request_id();
  admission.request.client = peer;
  admission.close = true;
  admission.answer = refuse(admission, fault);
  return admission;
}

Response refuse(const Admission& admission, const Error& error) {
  const auto* route = admission.route;
  return route != nullptr && route->render_error ? route->render_error(error, admission.request)
                                                 : render_json_error(error, admission.request);
}

}  // namespace wghub::http
