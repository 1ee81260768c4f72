// /api/installation/token*: making, listing, revoking, reissuing. Serving scripts is script_endpoint's.
#pragma once

#include "apid/http/message.h"
#include "apid/service/token_service.h"

namespace wghub::endpoint {

class TokenEndpoint {
 public:
  explicit TokenEndpoint(TokenService& tokens) : tokens_(tokens) {}

  http::Response create(const http::Request& request);
  http::Response create_bulk(const http::Request& request);
  http::Response list(const http::Request& request);
  http::Response details(const http::Request& request);
  http::Response revoke(const http::Request& request);
  http::Response reissue(const http::Request& request);

 private:
  TokenService& tokens_;
};

}  // namespace wghub::endpoint
