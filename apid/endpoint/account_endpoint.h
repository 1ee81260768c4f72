// /api/setup, /api/auth/*: signing in and out. Cookies are made here; who may sign in is SetupService's and
// SignInService's.
#pragma once

#include "apid/http/message.h"
#include "apid/service/people.h"

namespace wghub::endpoint {

class AccountEndpoint {
 public:
  explicit AccountEndpoint(People& people) : people_(people) {}

  http::Response setup_state(const http::Request& request);
  http::Response setup(const http::Request& request);
  http::Response login(const http::Request& request);
  http::Response logout(const http::Request& request);
  http::Response me(const http::Request& request);
  http::Response step_up(const http::Request& request);
  http::Response change_password(const http::Request& request);

 private:
  People& people_;
};

}  // namespace wghub::endpoint
