#include "apid/endpoint/script_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"

namespace wghub::endpoint {
namespace {

constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr std::size_t kReportBytes = 4096;
constexpr std::array<std::string_view, 8> kStages = {"fetched",    "preflight",  "packages", "key",
                                                     "registered", "configured", "started",  "verified"};

// What a browser or a link preview gets: nothing of the token, never a claim.
constexpr const char* kPage =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>WireGuard Hub</title></head><body>"
    "<h1>This link is for a terminal</h1><p>It belongs to a command that connects one machine to a WireGuard hub. "
    "Copy the whole command that your administrator gave you, and paste it into a terminal on that machine. "
    "Opening it here did nothing, and used nothing up.</p></body></html>\n";

// platform, exactly once and known.
std::optional<Platform> platform_of(const http::Request& request) {
  std::optional<Platform> platform;
  int seen = 0;
  for (const auto& [name, value] : request.query) {
    if (name != "platform") continue;
    ++seen;
    platform = parse_platform(value);
  }
  return seen == 1 ? platform : std::nullopt;
}

// The exit codes of error bodies: what the person who pasted the command can do about it.
ScriptError script_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::token_expired:
      return {"[wghub] ERROR TOKEN_EXPIRED (41): the token of this command has expired. Fix: ask for a new command.",
              41};
    case ErrorCode::token_already_used:
      return {"[wghub] ERROR TOKEN_USED (42): the token of this command was used already. Fix: ask for a new command.",
              42};
    case ErrorCode::token_revoked:
      return {"[wghub] ERROR TOKEN_REVOKED (45): the token of this command was revoked. Fix: ask your administrator.",
              45};
    case ErrorCode::token_malformed:
    case ErrorCode::token_not_found:
    case ErrorCode::invalid_platform:
    case ErrorCode::invalid_request:
    case ErrorCode::not_found:
    case ErrorCode::method_not_allowed:
    case ErrorCode::uri_too_long:
      return {
          "[wghub] ERROR TOKEN_UNKNOWN (40): the hub does not know this command. Fix: copy it whole, or ask for a new "
          "one.",
          40};
    case ErrorCode::rate_limited:
      return {"[wghub] ERROR HUB_ERROR (44): too many requests. Fix: wait a minute and run the same command again.",
              44};
    default:
      return {
          "[wghub] ERROR HUB_ERROR (44): the hub cannot answer right now. Fix: wait a minute and run the same command "
          "again.",
          44};
  }
}

}  // namespace

http::Response ScriptEndpoint::render_error(const Error& error, const http::Request& request) const {
  http::Response response = http::render_json_error(error, request);
  if (http::names_media_type(request.accept, "application/json")) return response;
  const bool windows = platform_of(request) == Platform::windows;
  response.content_type = kPlainText;
  if (error.code == ErrorCode::token_already_used && !windows && !error.token_hash_hex.empty()) {
    response.body = scripts_.resume_script(error.token_hash_hex, http::to_timestamp(error.used_at.value_or(0)));
  } else {
    response.body = scripts_.error_script(script_error(error.code), windows);
  }
  return response;
}

http::Response ScriptEndpoint::script(const http::Request& request) {
  if (http::names_media_type(request.accept, "text/html")) {
    http::Response page;
    page.content_type = "text/html; charset=utf-8";
    page.body = kPage;
    return page;
  }
  const auto platform = platform_of(request);
  if (!platform) return render_error(ErrorCode::invalid_platform, request);
  Query query(request);
  query.text("platform");
  if (auto fault = query.finish()) return render_error(*fault, request);
  const Secret token(request.parameters[0]);
  const auto script = request.method == http::Method::head ? tokens_.peek(token, *platform, actor_of(request))
                                                           : tokens_.claim(token, *platform, actor_of(request));
  if (!script) return render_error(script.error(), request);
  http::Response response;
  response.content_type = kPlainText;
  response.body = *script;
  return response;
}

http::Response ScriptEndpoint::report(const http::Request& request) {
  if (request.body.size() > kReportBytes)
    return http::render_json_error(Error(ErrorCode::body_too_large, "A report has at most 4 KiB."), request);
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  Fields fields(*body);
  ReportRequest report;
  report.token = Secret(fields.text("token", kFormBytes));
  report.report.stage = fields.text("stage", 32);
  if (std::find(kStages.begin(), kStages.end(), report.report.stage) == kStages.end())
    fields.fault("stage", "must be a stage of the install script");
  report.report.code = fields.integer("code", 0, 255);
  report.report.reason = fields.optional_text("reason", 256).value_or("");
  report.report.os = fields.optional_text("os", 64).value_or("");
  report.report.detail = fields.long_text("detail", kReportBytes);
  if (auto fault = fields.finish()) return http::render_json_error(*fault, request);
  const auto state = tokens_.report(report, actor_of(request));
  auto response = answer(state, request, 202, [](TokenState) { return boost::json::object{{"success", true}}; });
  if (!state || !http::names_media_type(request.accept, "text/plain")) return response;
  // The script keeps its saved copy unless the token can be used for a new one.
  response.content_type = kPlainText;
  response.body = fmt::format("success=true\nstate={}\n", to_text(*state));
  return response;
}

}  // namespace wghub::endpoint
