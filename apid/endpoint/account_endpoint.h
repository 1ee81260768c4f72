// /api/setup, /api/auth/*, /api/api-tokens. Cookies are made here; who may sign in is AccountService's.
#pragma once

#include "apid/http/message.h"
#include "apid/service/account_service.h"

namespace wghub::endpoint {

class AccountEndpoint {
 public:
  explicit AccountEndpoint(AccountService& accounts) : accounts_(accounts) {}

  http::Response setup_state(const http::Request& request);
  http::Response setup(const http::Request& request);
  http::Response login(const http::Request& request);
  http::Response logout(const http::Request& request);
  http::Response me(const http::Request& request);

  http::Response list_api_tokens(const http::Request& request);
  http::Response create_api_token(const http::Request& request);
  http::Response revoke_api_token(const http::Request& request);

 private:
  AccountService& accounts_;
};

}  // namespace wghub::endpoint
