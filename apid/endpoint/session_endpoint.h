// /api/auth/sessions, /api/users/{id}/sessions: where somebody is signed in.
#pragma once

#include "apid/http/message.h"
#include "apid/service/session_service.h"

namespace wghub::endpoint {

class SessionEndpoint {
 public:
  explicit SessionEndpoint(SessionService& sessions) : sessions_(sessions) {}

  http::Response list_own(const http::Request& request);
  http::Response end_own(const http::Request& request);
  http::Response end_others(const http::Request& request);
  http::Response list_of_user(const http::Request& request);
  http::Response end_of_user(const http::Request& request);

 private:
  http::Response list(const std::string& user_id, const http::Request& request);

  SessionService& sessions_;
};

}  // namespace wghub::endpoint
