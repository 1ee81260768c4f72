// ErrorCode -> status, `code`, text and recoveryHint: the one table of the API's errors (D17).
#pragma once

#include <string>
#include <string_view>

#include "apid/http/message.h"
#include "common/error.h"

namespace wghub::http {

struct ErrorRow {
  unsigned status;
  std::string_view code;
  std::string_view text;
  std::string_view recovery_hint;
};

/// A switch without default: a forgotten code does not compile.
ErrorRow row_of(ErrorCode code);

/// {"error","code","recoveryHint","requestId", …} with X-Error-Code, Retry-After where due.
Response render_json_error(const Error& error, const Request& request);

/// `error=`, `code=`, … lines for scripts that sent Accept: text/plain (R5); no newline in a value.
Response render_text_error(const Error& error, const Request& request);

}  // namespace wghub::http
