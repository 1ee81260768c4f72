// GET /api/audit.
#pragma once

#include "apid/http/message.h"
#include "apid/service/surroundings.h"

namespace wghub::endpoint {

class AuditEndpoint {
 public:
  explicit AuditEndpoint(Stores& stores) : stores_(stores) {}

  http::Response list(const http::Request& request);

 private:
  Stores& stores_;
};

}  // namespace wghub::endpoint
