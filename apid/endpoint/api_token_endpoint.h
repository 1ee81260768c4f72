// /api/api-tokens.
#pragma once

#include "apid/http/message.h"
#include "apid/service/api_token_service.h"

namespace wghub::endpoint {

class ApiTokenEndpoint {
 public:
  explicit ApiTokenEndpoint(ApiTokenService& tokens) : tokens_(tokens) {}

  http::Response list(const http::Request& request);
  http::Response create(const http::Request& request);
  http::Response revoke(const http::Request& request);

 private:
  ApiTokenService& tokens_;
};

}  // namespace wghub::endpoint
