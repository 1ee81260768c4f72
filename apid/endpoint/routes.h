// The route table: every path of the API, who may use it, and which function answers.
#pragma once

#include <vector>

#include "apid/endpoint/account_endpoint.h"
#include "apid/endpoint/admin_endpoint.h"
#include "apid/endpoint/alert_endpoint.h"
#include "apid/endpoint/api_token_endpoint.h"
#include "apid/endpoint/audit_endpoint.h"
#include "apid/endpoint/cluster_endpoint.h"
#include "apid/endpoint/event_endpoint.h"
#include "apid/endpoint/health_endpoint.h"
#include "apid/endpoint/hub_endpoint.h"
#include "apid/endpoint/import_endpoint.h"
#include "apid/endpoint/metrics_endpoint.h"
#include "apid/endpoint/script_endpoint.h"
#include "apid/endpoint/session_endpoint.h"
#include "apid/endpoint/spoke_endpoint.h"
#include "apid/endpoint/token_endpoint.h"
#include "apid/endpoint/totp_endpoint.h"
#include "apid/endpoint/user_endpoint.h"
#include "apid/http/route.h"

namespace wghub::endpoint {

/// All endpoints; they outlive the routes.
struct Endpoints {
  AccountEndpoint& account;
  ApiTokenEndpoint& api_token;
  SessionEndpoint& session;
  TotpEndpoint& totp;
  UserEndpoint& user;
  HubEndpoint& hub;
  TokenEndpoint& token;
  ScriptEndpoint& script;
  SpokeEndpoint& spoke;
  ImportEndpoint& import;
  ClusterEndpoint& cluster;
  AlertEndpoint& alert;
  AuditEndpoint& audit;
  EventEndpoint& event;
  HealthEndpoint& health;
  AdminEndpoint& admin;
  MetricsEndpoint& metrics;
};

std::vector<http::Route> make_routes(const Endpoints& endpoints);

}  // namespace wghub::endpoint
