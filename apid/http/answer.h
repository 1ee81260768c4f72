// An answer as bytes: what the handler said plus the headers that every answer has (docs/openapi.yaml "Headers").
#pragma once

#include <string>

#include "apid/http/message.h"

namespace wghub::http {

/// What the head of the answer depends on beside the handler.
struct AnswerStyle {
  bool close = false;        ///< Connection: close
  bool strict_tls = false;   ///< the certificate is not self-made: HSTS
  std::string cors_origin;   ///< CORS_ORIGIN; empty: none
  bool from_origin = false;  ///< the request's Origin is CORS_ORIGIN
};

/// Headers and, but for HEAD, the body. A stream of events gets its headers only.
std::string write_answer(const Response& response, const Request& request, const AnswerStyle& style);

bool is_api_path(std::string_view path);

}  // namespace wghub::http
