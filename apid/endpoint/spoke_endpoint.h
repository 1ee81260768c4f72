// /api/spoke/*.
#pragma once

#include "apid/http/message.h"
#include "apid/service/spoke_service.h"

namespace wghub::endpoint {

class SpokeEndpoint {
 public:
  explicit SpokeEndpoint(SpokeService& spokes) : spokes_(spokes) {}

  http::Response register_spoke(const http::Request& request);
  http::Response list(const http::Request& request);
  http::Response status(const http::Request& request);
  http::Response remove(const http::Request& request);

  /// Errors of registration as lines for scripts that accept text/plain.
  static http::Response render_error(const Error& error, const http::Request& request);

 private:
  SpokeService& spokes_;
};

}  // namespace wghub::endpoint
