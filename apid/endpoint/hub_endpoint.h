// /api/hub/*.
#pragma once

#include "apid/http/message.h"
#include "apid/service/hub_service.h"
#include "apid/service/reconciler.h"
#include "apid/service/status_tracker.h"

namespace wghub::endpoint {

class HubEndpoint {
 public:
  HubEndpoint(HubService& hub, const StatusTracker& tracker, Reconciler& reconciler)
      : hub_(hub), tracker_(tracker), reconciler_(reconciler) {}

  http::Response initialize(const http::Request& request);
  http::Response config(const http::Request& request);
  http::Response update(const http::Request& request);
  http::Response status(const http::Request& request);
  http::Response traffic(const http::Request& request);

 private:
  HubService& hub_;
  const StatusTracker& tracker_;
  Reconciler& reconciler_;
};

}  // namespace wghub::endpoint
