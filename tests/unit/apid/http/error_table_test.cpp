#include "apid/http/error_table.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::http;

namespace {

std::string header(const Response& response, const char* name) {
  for (const auto& [field, value] : response.headers)
    if (field == name) return value;
  return "";
}

boost::json::object body_of(const Error& error) {
  Request request;
  request.request_id = "the-id";
  return boost::json::parse(render_json_error(error, request).body).as_object();
}

}  // namespace

TEST_CASE("EveryErrorHasAStatusACodeATextAndAHint") {
  const auto last = static_cast<int>(ErrorCode::storage_full);
  for (int i = 0; i <= last; ++i) {
    const auto row = row_of(static_cast<ErrorCode>(i));
    CAPTURE(i, row.code);
    CHECK((row.status >= 400 && row.status <= 507));
    CHECK(std::all_of(row.code.begin(), row.code.end(), [](char c) { return std::isupper(c) != 0 || c == '_'; }));
    CHECK(row.text.ends_with("."));
    CHECK(row.recovery_hint.ends_with("."));
  }
}

TEST_CASE("StatusesAreThoseOfTheContract") {
  CHECK(row_of(ErrorCode::token_registered).status == 400);
  CHECK(row_of(ErrorCode::token_registered).code == "TOKEN_ALREADY_USED");
  CHECK(row_of(ErrorCode::token_already_used).status == 410);
  CHECK(row_of(ErrorCode::bad_framing).code == "INVALID_REQUEST");
  CHECK(row_of(ErrorCode::pool_exhausted).status == 503);
  CHECK(row_of(ErrorCode::storage_full).status == 507);
}

TEST_CASE("AnErrorNamesItsFieldsAndTimes") {
  Error error{ErrorCode::invalid_request, "Two fields are wrong."};
  error.faults = {{"name", "too long"}, {"role", "unknown"}};
  error.used_at = 1;
  error.expires_at = 86400;
  error.policy = "10.0.0.0/16, port 51820";
  error.token_hash_hex = "abcdef";
  const auto body = body_of(error);
  CHECK(body.at("error") == "Two fields are wrong.");
  CHECK(body.at("requestId") == "the-id");
  CHECK(body.at("field") == "name");
  CHECK(body.at("errors").as_array().size() == 2);
  CHECK(body.at("usedAt") == "1970-01-01T00:00:01Z");
  CHECK(body.at("expiresAt") == "1970-01-02T00:00:00Z");
  CHECK(body.at("policy") == "10.0.0.0/16, port 51820");
  CHECK(boost::json::serialize(body).find("abcdef") == std::string::npos);
}

TEST_CASE("OneFaultNeedsNoList") {
  Error error{ErrorCode::unknown_field};
  error.faults = {{"colour", "not known"}};
  CHECK(body_of(error).contains("field"));
  CHECK_FALSE(body_of(error).contains("errors"));
}

TEST_CASE("RetryAfterIsThereWhereWaitingHelps") {
  Error limited{ErrorCode::rate_limited};
  limited.retry_after = std::chrono::seconds{17};
  CHECK(header(render_json_error(limited, {}), "Retry-After") == "17");
  CHECK(header(render_json_error(ErrorCode::rate_limited, {}), "Retry-After") == "60");
  CHECK(header(render_json_error(ErrorCode::helper_unavailable, {}), "Retry-After") == "2");
  CHECK(header(render_json_error(ErrorCode::pool_exhausted, {}), "Retry-After").empty());
  CHECK(header(render_text_error(limited, {}), "X-Error-Code") == "RATE_LIMITED");
}

TEST_CASE("ATextErrorHoldsOneValueALine") {
  const auto response = render_text_error(Error{ErrorCode::invalid_request, "first\nsecret=x"}, {});
  CHECK(response.content_type.starts_with("text/plain"));
  CHECK(response.body.starts_with("error=first?secret=x\ncode=INVALID_REQUEST\n"));
}
