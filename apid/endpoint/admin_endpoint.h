// /admin/*: what only root may ask, over the admin socket (`wghub`); its users are UserEndpoint's.
#pragma once

#include "apid/http/message.h"
#include "apid/service/hub_service.h"
#include "apid/service/setup_service.h"

namespace wghub::endpoint {

class AdminEndpoint {
 public:
  AdminEndpoint(SetupService& setup, HubService& hub) : setup_(setup), hub_(hub) {}

  http::Response new_setup_code(const http::Request& request);
  http::Response show_conf(const http::Request& request);

 private:
  SetupService& setup_;
  HubService& hub_;
};

}  // namespace wghub::endpoint
