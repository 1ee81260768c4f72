#include "apid/http/answer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "apid/http/text.h"
#include "apid/http/wire.h"

namespace wghub::http {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr auto kPagePolicy =
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
    "object-src 'none'";

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm calendar{};
  gmtime_r(&now, &calendar);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", calendar);
}

bool has_field(const Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

void add_caching(Fields& fields, const Response& response, const Request& request) {
  const bool handler_decides = has_field(fields, "Cache-Control") && response.status < 400;
  if (handler_decides && !is_api_path(request.path)) return;
  std::erase_if(fields, [](const auto& field) { return equals_ignoring_case(field.first, "Cache-Control"); });
  fields.emplace_back("Cache-Control", "no-store");
}

void add_security(Fields& fields, const Response& response, const AnswerStyle& style) {
  fields.emplace_back("X-Content-Type-Options", "nosniff");
  fields.emplace_back("Referrer-Policy", "no-referrer");
  if (style.strict_tls) fields.emplace_back("Strict-Transport-Security", "max-age=31536000");
  const bool is_page = response.content_type.starts_with("text/html");
  if (is_page && !has_field(fields, "Content-Security-Policy"))
    fields.emplace_back("Content-Security-Policy", kPagePolicy);
}

// Never with credentials: other origins use an API token.
void add_cors(Fields& fields, const AnswerStyle& style) {
  if (style.cors_origin.empty()) return;
  fields.emplace_back("Vary", "Origin");
  if (!style.from_origin) return;
  fields.emplace_back("Access-Control-Allow-Origin", style.cors_origin);
  fields.emplace_back("Access-Control-Expose-Headers", "X-Request-Id, X-Error-Code, Retry-After");
}

}  // namespace

bool is_api_path(std::string_view path) { return path == "/api" || path.starts_with("/api/"); }

std::string write_answer(const Response& response, const Request& request, const AnswerStyle& style) {
  const bool bodiless = response.status == 204 || response.status == 304;
  Fields fields = response.headers;
  fields.emplace_back("Date", date_now());
  fields.emplace_back("X-Request-Id", request.request_id);
  add_caching(fields, response, request);
  add_security(fields, response, style);
  add_cors(fields, style);
  if (!bodiless) fields.emplace_back("Content-Type", response.content_type);
  if (response.events)
    fields.emplace_back("X-Accel-Buffering", "no");
  else if (!bodiless)
    fields.emplace_back("Content-Length", std::to_string(response.body.size()));
  fields.emplace_back("Connection", style.close || response.events ? "close" : "keep-alive");
  auto text = serialise_head(response.status, fields);
  if (!bodiless && !response.events && request.method != Method::head) text += response.body;
  return text;
}

}  // namespace wghub::http
