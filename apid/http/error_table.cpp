#include "apid/http/error_table.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "apid/http/json.h"
#include "apid/http/text.h"

namespace wghub::http {

// One row a code, in the order of common/error.h; clang-format would break most rows in four.
// clang-format off
ErrorRow row_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_json: return {400, "INVALID_JSON", "The body is not valid JSON.", "Send one JSON object in UTF-8, without duplicate keys and at most 16 levels deep."};
    case ErrorCode::invalid_request: return {400, "INVALID_REQUEST", "The request is not valid.", "Correct the named field and send the request again."};
    case ErrorCode::unknown_field: return {400, "UNKNOWN_FIELD", "The body has a field that this request does not know.", "Remove the named field or correct its spelling."};
    case ErrorCode::invalid_ip: return {400, "INVALID_IP", "The address cannot be given to a spoke.", "Use a free host address of the hub's network, e.g. 10.0.1.5."};
    case ErrorCode::invalid_cidr: return {400, "INVALID_CIDR", "The network is not valid.", "Use a private network from /16 to /30 without host bits, e.g. 10.0.1.0/24."};
    case ErrorCode::invalid_endpoint: return {400, "INVALID_ENDPOINT", "The endpoint is not valid.", "Use host:port or [IPv6]:port, as spokes reach the hub from outside."};
    case ErrorCode::invalid_platform: return {400, "INVALID_PLATFORM", "The platform is missing or unknown.", "Add exactly one platform: linux, macos, windows or proxmox."};
    case ErrorCode::invalid_public_key: return {400, "INVALID_PUBLIC_KEY", "The public key is not a usable WireGuard key.", "Send the output of `wg pubkey`: 44 characters of base64."};
    case ErrorCode::token_malformed: return {400, "TOKEN_MALFORMED", "This is not an installation token.", "Copy the whole command again; nothing may be missing at its end."};
    case ErrorCode::token_registered: return {400, "TOKEN_ALREADY_USED", "The token was used: a spoke is registered with it.", "Remove the spoke instead of its token."};
    case ErrorCode::cluster_not_empty: return {400, "CLUSTER_NOT_EMPTY", "The cluster still has nodes.", "Remove its nodes first."};
    case ErrorCode::unauthenticated: return {401, "UNAUTHENTICATED", "You are not signed in.", "Log in, or send a valid API token as `Authorization: Bearer whk_...`."};
    case ErrorCode::invalid_credentials: return {401, "INVALID_CREDENTIALS", "User name or password is wrong.", "Check both and try again."};
    case ErrorCode::totp_required: return {401, "TOTP_REQUIRED", "This account needs a second factor.", "Send the six digits of your authenticator as `totp`."};
    case ErrorCode::totp_invalid: return {401, "TOTP_INVALID", "The six digits are wrong or were used before.", "Wait for the next digits; check the clock of your device."};
    case ErrorCode::invalid_setup_code: return {401, "INVALID_SETUP_CODE", "The set-up code is wrong or over.", "Run `wghub setup-code` as root on the hub for a new one."};
    case ErrorCode::forbidden: return {403, "FORBIDDEN", "Your role does not allow this.", "Ask an admin to do it or to change your role."};
    case ErrorCode::csrf_failed: return {403, "CSRF_FAILED", "The request does not come from this hub's own pages.", "Reload the page; programs use an API token instead of a session."};
    case ErrorCode::step_up_required: return {403, "STEP_UP_REQUIRED", "This needs your password again.", "Confirm your password, then repeat the request within 10 minutes."};
    case ErrorCode::setup_required: return {403, "SETUP_REQUIRED", "The hub is not set up yet.", "Open the dashboard and enter the set-up code (`wghub setup-code` as root makes one)."};
    case ErrorCode::not_found: return {404, "NOT_FOUND", "There is nothing at this path.", "Check the path; it has no trailing slash."};
    case ErrorCode::token_not_found: return {404, "TOKEN_NOT_FOUND", "There is no such token.", "Copy the whole command again, or ask for a new one."};
    case ErrorCode::spoke_not_found: return {404, "SPOKE_NOT_FOUND", "There is no such spoke.", "List the spokes to find its id; it may have been removed."};
    case ErrorCode::cluster_not_found: return {404, "CLUSTER_NOT_FOUND", "There is no such cluster.", "List the clusters to find its id."};
    case ErrorCode::method_not_allowed: return {405, "METHOD_NOT_ALLOWED", "This path does not take this method.", "Use one of the methods that the Allow header names."};
    case ErrorCode::request_timeout: return {408, "REQUEST_TIMEOUT", "The request did not arrive in time.", "Send it again, on a better connection if need be."};
    case ErrorCode::length_required: return {411, "LENGTH_REQUIRED", "The request has no body or no length.", "Send a body with Content-Length."};
    case ErrorCode::body_too_large: return {413, "BODY_TOO_LARGE", "The body is too large.", "Send at most 64 KiB; split long lists."};
    case ErrorCode::uri_too_long: return {414, "URI_TOO_LONG", "The address of the request is too long.", "Use at most 4096 bytes of path and query."};
    case ErrorCode::unsupported_media_type: return {415, "UNSUPPORTED_MEDIA_TYPE", "The body must be JSON.", "Send it with `Content-Type: application/json`."};
    case ErrorCode::misdirected_request: return {421, "MISDIRECTED_REQUEST", "This hub is not known by that name.", "Use the hub's own name or address, or set api_base_url to the name that you use."};
    case ErrorCode::header_too_large: return {431, "HEADER_TOO_LARGE", "The headers of the request are too large.", "Send at most 8 KiB of headers; clear old cookies."};
    case ErrorCode::bad_framing: return {400, "INVALID_REQUEST", "The request is not well-formed HTTP.", "Use an HTTP client that follows RFC 9112; check proxies on the way."};
    case ErrorCode::hub_already_initialized: return {409, "HUB_ALREADY_INITIALIZED", "The hub is initialized already.", "Change endpoint and dns with PUT /api/hub/config."};
    case ErrorCode::hub_not_initialized: return {409, "HUB_NOT_INITIALIZED", "The hub has no network yet.", "Initialize it first: POST /api/hub/initialize."};
    case ErrorCode::setup_done: return {409, "SETUP_DONE", "The hub is set up already.", "Log in with an existing account."};
    case ErrorCode::username_taken: return {409, "USERNAME_TAKEN", "Another user has this name.", "Choose another name."};
    case ErrorCode::last_admin: return {409, "LAST_ADMIN", "This is the last admin who can sign in.", "Make another user an admin first."};
    case ErrorCode::totp_active: return {409, "TOTP_ACTIVE", "The account has a second factor already.", "Take it away first: DELETE /api/auth/totp."};
    case ErrorCode::alert_targets_full: return {409, "ALERT_TARGETS_FULL", "There are as many targets for alerts as there can be.", "Remove one that is no longer needed; a chat room or mailing list reaches many people as one."};
    case ErrorCode::ip_already_allocated: return {409, "IP_ALREADY_ALLOCATED", "The address is taken.", "Choose another address, or leave it out to get the lowest free one."};
    case ErrorCode::public_key_already_registered: return {409, "PUBLIC_KEY_ALREADY_REGISTERED", "Another spoke has this public key.", "Make a new key pair on the machine, or remove the other spoke."};
    case ErrorCode::policy_mismatch: return {409, "POLICY_MISMATCH", "The network, port or MTU differs from what this host allows.", "Use the allowed values, or widen them as root with `wghub policy`."};
    case ErrorCode::interface_exists: return {409, "INTERFACE_EXISTS", "The host has a WireGuard interface of that name that is not this hub's.", "Remove or rename the other interface first."};
    case ErrorCode::network_overlap: return {409, "NETWORK_OVERLAP", "The network overlaps an address or route of the host.", "Choose a network that the host does not use."};
    case ErrorCode::token_already_used: return {410, "TOKEN_ALREADY_USED", "The token was used already.", "Run the command again on the machine where it was started, or ask for a new one."};
    case ErrorCode::token_expired: return {410, "TOKEN_EXPIRED", "The token's time is over.", "Ask an admin for a new command."};
    case ErrorCode::token_revoked: return {410, "TOKEN_REVOKED", "The token was revoked.", "Ask an admin for a new command."};
    case ErrorCode::rate_limited: return {429, "RATE_LIMITED", "Too many requests.", "Wait as long as Retry-After says, then try again."};
    case ErrorCode::internal: return {500, "INTERNAL", "Something went wrong in the hub.", "Try again; tell the admin the request id, with which the log names the cause."};
    case ErrorCode::alert_not_delivered: return {502, "ALERT_NOT_DELIVERED", "The message was not taken.", "Check the address, and that the hub can reach it; then test again."};
    case ErrorCode::helper_unavailable: return {503, "HELPER_UNAVAILABLE", "The hub cannot reach its WireGuard helper.", "Try again in a few seconds; the admin checks wireguard-hub-wgprivd."};
    case ErrorCode::database_busy: return {503, "DATABASE_BUSY", "The hub is too busy.", "Try again in a few seconds."};
    case ErrorCode::pool_exhausted: return {503, "POOL_EXHAUSTED", "The network has no free address.", "Remove spokes or revoke tokens that are no longer needed."};
    case ErrorCode::storage_full: return {507, "STORAGE_FULL", "The hub's disk is full.", "Free space on the hub; nothing was changed."};
  }
  return {500, "INTERNAL", "", ""};
}
// clang-format on

namespace {

// What a client should wait when the place that found the error does not know better.
std::optional<std::chrono::seconds> retry_after(const Error& error) {
  if (error.retry_after) return error.retry_after;
  if (error.code == ErrorCode::helper_unavailable || error.code == ErrorCode::database_busy)
    return std::chrono::seconds{2};
  if (error.code == ErrorCode::rate_limited) return std::chrono::seconds{60};
  return std::nullopt;
}

Response with_headers(Response response, const Error& error, const ErrorRow& row) {
  response.status = row.status;
  response.headers.emplace_back("X-Error-Code", row.code);
  if (const auto wait = retry_after(error)) response.headers.emplace_back("Retry-After", std::to_string(wait->count()));
  if (error.code == ErrorCode::unauthenticated) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

std::string_view text_of(const Error& error, const ErrorRow& row) {
  return error.detail.empty() ? row.text : std::string_view(error.detail);
}

void append_line(std::string& body, std::string_view name, std::string_view value) {
  body.append(name).append("=").append(printable(value, value.size())).append("\n");
}

}  // namespace

Response render_json_error(const Error& error, const Request& request) {
  const auto row = row_of(error.code);
  boost::json::object body;
  body["error"] = text_of(error, row);
  body["code"] = row.code;
  body["recoveryHint"] = row.recovery_hint;
  body["requestId"] = request.request_id;
  if (!error.faults.empty()) body["field"] = error.faults.front().field;
  if (error.faults.size() > 1) {
    boost::json::array faults;
    for (const auto& fault : error.faults)
      faults.push_back(boost::json::object{{"field", fault.field}, {"message", fault.message}});
    body["errors"] = std::move(faults);
  }
  if (error.used_at) body["usedAt"] = to_timestamp(*error.used_at);
  if (error.expires_at) body["expiresAt"] = to_timestamp(*error.expires_at);
  if (!error.policy.empty()) body["policy"] = error.policy;
  return with_headers(json_response(row.status, body), error, row);
}

Response render_text_error(const Error& error, const Request& request) {
  const auto row = row_of(error.code);
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  append_line(response.body, "error", text_of(error, row));
  append_line(response.body, "code", row.code);
  append_line(response.body, "recoveryHint", row.recovery_hint);
  append_line(response.body, "requestId", request.request_id);
  if (!error.faults.empty()) append_line(response.body, "field", error.faults.front().field);
  if (error.used_at) append_line(response.body, "usedAt", to_timestamp(*error.used_at));
  if (error.expires_at) append_line(response.body, "expiresAt", to_timestamp(*error.expires_at));
  if (!error.policy.empty()) append_line(response.body, "policy", error.policy);
  return with_headers(std::move(response), error, row);
}

}  // namespace wghub::http
