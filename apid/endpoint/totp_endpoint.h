// /api/auth/totp: a person's own second factor.
#pragma once

#include "apid/http/message.h"
#include "apid/service/second_factor.h"

namespace wghub::endpoint {

class TotpEndpoint {
 public:
  explicit TotpEndpoint(SecondFactor& second_factor) : second_factor_(second_factor) {}

  http::Response offer(const http::Request& request);
  http::Response confirm(const http::Request& request);
  http::Response remove(const http::Request& request);

 private:
  SecondFactor& second_factor_;
};

}  // namespace wghub::endpoint
