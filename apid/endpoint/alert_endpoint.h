// /api/alerts.
#pragma once

#include <cstdint>
#include <functional>

#include "apid/http/message.h"
#include "apid/service/alert_service.h"

namespace wghub::endpoint {

class AlertEndpoint {
 public:
  /// minute_of_day: the hub's own, now.
  AlertEndpoint(AlertService& alerts, std::function<int()> minute_of_day)
      : alerts_(alerts), minute_of_day_(std::move(minute_of_day)) {}

  http::Response list(const http::Request& request);
  http::Response list_targets(const http::Request& request);
  http::Response create(const http::Request& request);
  http::Response update(const http::Request& request);
  http::Response remove(const http::Request& request);
  http::Response test(const http::Request& request);

 private:
  AlertService& alerts_;
  std::function<int()> minute_of_day_;
};

}  // namespace wghub::endpoint
