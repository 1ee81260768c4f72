// /admin/*: what only root may ask, over the admin socket (`wghub`).
#pragma once

#include "apid/http/message.h"
#include "apid/service/account_service.h"
#include "apid/service/hub_service.h"

namespace wghub::endpoint {

class AdminEndpoint {
 public:
  AdminEndpoint(AccountService& accounts, HubService& hub) : accounts_(accounts), hub_(hub) {}

  http::Response new_setup_code(const http::Request& request);
  http::Response show_conf(const http::Request& request);

 private:
  AccountService& accounts_;
  HubService& hub_;
};

}  // namespace wghub::endpoint
