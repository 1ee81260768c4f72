// /api/users for admins, and the same by name at /admin/users for root (`wghub user`).
#pragma once

#include "apid/http/message.h"
#include "apid/service/user_service.h"

namespace wghub::endpoint {

class UserEndpoint {
 public:
  explicit UserEndpoint(UserService& users) : users_(users) {}

  http::Response list(const http::Request& request);
  http::Response create(const http::Request& request);
  http::Response update(const http::Request& request);
  http::Response remove(const http::Request& request);
  http::Response reset(const http::Request& request);

  http::Response update_by_name(const http::Request& request);
  http::Response reset_by_name(const http::Request& request);

 private:
  http::Response update_user(const std::string& id, const http::Request& request);
  http::Response reset_user(const std::string& id, const http::Request& request);

  UserService& users_;
};

}  // namespace wghub::endpoint
