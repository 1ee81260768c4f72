// /api/health/*: whether the process lives, and whether it can do its work; the same with more for root.
#pragma once

#include "apid/http/message.h"
#include "apid/service/hub_service.h"
#include "apid/service/reconciler.h"
#include "apid/service/setup_service.h"

namespace wghub::endpoint {

class HealthEndpoint {
 public:
  HealthEndpoint(Stores& stores, SetupService& setup, HubService& hub, const Reconciler& reconciler)
      : stores_(stores), setup_(setup), hub_(hub), reconciler_(reconciler) {}

  http::Response live(const http::Request& request);
  http::Response ready(const http::Request& request);
  /// What `wghub doctor` asks: the status, when the interface was last held against the database, what was put right.
  http::Response details(const http::Request& request);

 private:
  const char* status();

  Stores& stores_;
  SetupService& setup_;
  HubService& hub_;
  const Reconciler& reconciler_;
};

}  // namespace wghub::endpoint
