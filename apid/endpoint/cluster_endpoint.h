// /api/proxmox/clusters*.
#pragma once

#include "apid/http/message.h"
#include "apid/service/cluster_service.h"

namespace wghub::endpoint {

class ClusterEndpoint {
 public:
  explicit ClusterEndpoint(ClusterService& clusters) : clusters_(clusters) {}

  http::Response list(const http::Request& request);
  http::Response details(const http::Request& request);
  http::Response update(const http::Request& request);
  http::Response remove(const http::Request& request);
  http::Response create_tokens(const http::Request& request);

 private:
  ClusterService& clusters_;
};

}  // namespace wghub::endpoint
