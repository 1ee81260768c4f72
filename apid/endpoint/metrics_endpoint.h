// GET /api/metrics: what meter counted and what the hub's parts know at this moment, in Prometheus's text format.
#pragma once

#include "apid/endpoint/hub_figures.h"
#include "apid/endpoint/meter.h"
#include "apid/http/message.h"

namespace wghub::endpoint {

class MetricsEndpoint {
 public:
  MetricsEndpoint(const Meter& meter, HubFigures& figures) : meter_(meter), figures_(figures) {}

  http::Response metrics(const http::Request& request);

 private:
  const Meter& meter_;
  HubFigures& figures_;
};

}  // namespace wghub::endpoint
