#include "apid/endpoint/routes.h"

#include "apid/endpoint/document.h"
#include "apid/endpoint/fields.h"
#include "apid/http/error_table.h"

namespace wghub::endpoint {

using http::Access;
using http::Body;
using http::Handler;
using http::Lane;
using http::Method;
using http::Request;
using http::Response;
using http::StepUp;

namespace {

template <class Endpoint>
Handler bind_with_query(Endpoint& endpoint, Response (Endpoint::*member)(const Request&)) {
  return [&endpoint, member](const Request& request) { return (endpoint.*member)(request); };
}

// A handler that reads no query: any parameter is one too many.
template <class Endpoint>
Handler bind(Endpoint& endpoint, Response (Endpoint::*member)(const Request&),
             const http::ErrorRenderer& render_error = http::render_json_error) {
  return [&endpoint, member, render_error](const Request& request) {
    if (const auto fault = Query(request).finish()) return render_error(*fault, request);
    return (endpoint.*member)(request);
  };
}

Handler bind(Response (*function)(const Request&)) {
  return [function](const Request& request) {
    if (const auto fault = Query(request).finish()) return http::render_json_error(*fault, request);
    return function(request);
  };
}

}  // namespace

// clang-format off
std::vector<http::Route> make_routes(const Endpoints& e) {
  const http::ErrorRenderer as_script = [&script = e.script](const Error& error, const Request& request) {
    return script.render_error(error, request);
  };
  return {
    {Method::get,  "/api/health/live",                        Access::open,      StepUp::none,   Body::none, Lane::read,  bind(e.health, &HealthEndpoint::live)},
    {Method::get,  "/api/health/ready",                       Access::open,      StepUp::none,   Body::none, Lane::read,  bind(e.health, &HealthEndpoint::ready)},

    {Method::get,  "/api/setup",                              Access::open,      StepUp::none,   Body::none, Lane::read,  bind(e.account, &AccountEndpoint::setup_state)},
    {Method::post, "/api/setup",                              Access::open,      StepUp::none,   Body::json, Lane::write, bind(e.account, &AccountEndpoint::setup)},
    {Method::post, "/api/auth/login",                         Access::open,      StepUp::none,   Body::json, Lane::write, bind(e.account, &AccountEndpoint::login)},
    {Method::post, "/api/auth/logout",                        Access::session,   StepUp::none,   Body::none, Lane::write, bind(e.account, &AccountEndpoint::logout)},
    {Method::get,  "/api/auth/me",                            Access::signed_in, StepUp::none,   Body::none, Lane::read,  bind(e.account, &AccountEndpoint::me)},
    {Method::post, "/api/auth/step-up",                       Access::session,   StepUp::none,   Body::json, Lane::write, bind(e.account, &AccountEndpoint::step_up)},
    {Method::put,  "/api/auth/password",                      Access::session,   StepUp::none,   Body::json, Lane::write, bind(e.account, &AccountEndpoint::change_password)},
    {Method::post, "/api/auth/totp",                          Access::session,   StepUp::needed, Body::none, Lane::write, bind(e.totp, &TotpEndpoint::offer)},
    {Method::post, "/api/auth/totp/confirm",                  Access::session,   StepUp::none,   Body::json, Lane::write, bind(e.totp, &TotpEndpoint::confirm)},
    {Method::del,  "/api/auth/totp",                          Access::session,   StepUp::needed, Body::none, Lane::write, bind(e.totp, &TotpEndpoint::remove)},
    {Method::get,  "/api/auth/sessions",                      Access::signed_in, StepUp::none,   Body::none, Lane::read,  bind(e.session, &SessionEndpoint::list_own)},
    {Method::del,  "/api/auth/sessions",                      Access::signed_in, StepUp::none,   Body::none, Lane::write, bind(e.session, &SessionEndpoint::end_others)},
    {Method::del,  "/api/auth/sessions/{id}",                 Access::signed_in, StepUp::none,   Body::none, Lane::write, bind(e.session, &SessionEndpoint::end_own)},

    {Method::get,  "/api/users",                              Access::admin,     StepUp::none,   Body::none, Lane::read,  bind(e.user, &UserEndpoint::list)},
    {Method::post, "/api/users",                              Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.user, &UserEndpoint::create)},
    {Method::put,  "/api/users/{id}",                         Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.user, &UserEndpoint::update)},
    {Method::del,  "/api/users/{id}",                         Access::admin,     StepUp::needed, Body::none, Lane::write, bind(e.user, &UserEndpoint::remove)},
    {Method::post, "/api/users/{id}/reset",                   Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.user, &UserEndpoint::reset)},
    {Method::get,  "/api/users/{id}/sessions",                Access::admin,     StepUp::none,   Body::none, Lane::read,  bind(e.session, &SessionEndpoint::list_of_user)},
    {Method::del,  "/api/users/{id}/sessions",                Access::admin,     StepUp::none,   Body::none, Lane::write, bind(e.session, &SessionEndpoint::end_of_user)},

    {Method::get,  "/api/api-tokens",                         Access::admin,     StepUp::none,   Body::none, Lane::read,  bind(e.api_token, &ApiTokenEndpoint::list)},
    {Method::post, "/api/api-tokens",                         Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.api_token, &ApiTokenEndpoint::create)},
    {Method::del,  "/api/api-tokens/{id}",                    Access::admin,     StepUp::none,   Body::none, Lane::write, bind(e.api_token, &ApiTokenEndpoint::revoke)},

    {Method::post, "/api/hub/initialize",                     Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.hub, &HubEndpoint::initialize)},
    {Method::get,  "/api/hub/config",                         Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.hub, &HubEndpoint::config)},
    {Method::put,  "/api/hub/config",                         Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.hub, &HubEndpoint::update)},
    {Method::get,  "/api/hub/status",                         Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.hub, &HubEndpoint::status)},
    {Method::get,  "/api/hub/traffic",                        Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.hub, &HubEndpoint::traffic)},

    {Method::post, "/api/installation/token",                 Access::operator_, StepUp::none,   Body::json, Lane::write, bind(e.token, &TokenEndpoint::create)},
    {Method::post, "/api/installation/tokens/bulk",           Access::operator_, StepUp::none,   Body::json, Lane::write, bind(e.token, &TokenEndpoint::create_bulk)},
    {Method::get,  "/api/installation/tokens",                Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.token, &TokenEndpoint::list)},
    {Method::get,  "/api/installation/token/{id}",            Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.token, &TokenEndpoint::details)},
    {Method::del,  "/api/installation/token/{id}",            Access::operator_, StepUp::none,   Body::none, Lane::write, bind(e.token, &TokenEndpoint::revoke)},
    {Method::post, "/api/installation/token/{id}/reissue",    Access::operator_, StepUp::none,   Body::none, Lane::write, bind(e.token, &TokenEndpoint::reissue)},
    {Method::get,  "/api/installation/script/{token}",        Access::open,      StepUp::none,   Body::none, Lane::write, bind_with_query(e.script, &ScriptEndpoint::script), as_script},
    {Method::post, "/api/installation/report",                Access::open,      StepUp::none,   Body::json, Lane::write, bind(e.script, &ScriptEndpoint::report)},

    {Method::post, "/api/spoke/register",                     Access::open,      StepUp::none,   Body::json, Lane::write, bind(e.spoke, &SpokeEndpoint::register_spoke, SpokeEndpoint::render_error), SpokeEndpoint::render_error},
    {Method::get,  "/api/spoke/list",                         Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.spoke, &SpokeEndpoint::list)},
    {Method::post, "/api/spoke/import",                       Access::admin,     StepUp::none,   Body::json, Lane::write, bind(e.import, &ImportEndpoint::import)},
    {Method::get,  "/api/spoke/{id}/status",                  Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.spoke, &SpokeEndpoint::status)},
    {Method::del,  "/api/spoke/{id}",                         Access::operator_, StepUp::none,   Body::none, Lane::write, bind(e.spoke, &SpokeEndpoint::remove)},

    {Method::get,  "/api/proxmox/clusters",                   Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.cluster, &ClusterEndpoint::list)},
    {Method::get,  "/api/proxmox/clusters/{id}",              Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.cluster, &ClusterEndpoint::details)},
    {Method::put,  "/api/proxmox/clusters/{id}",              Access::operator_, StepUp::none,   Body::json, Lane::write, bind(e.cluster, &ClusterEndpoint::update)},
    {Method::del,  "/api/proxmox/clusters/{id}",              Access::operator_, StepUp::none,   Body::none, Lane::write, bind(e.cluster, &ClusterEndpoint::remove)},
    {Method::post, "/api/proxmox/clusters/{id}/tokens",       Access::operator_, StepUp::none,   Body::json, Lane::write, bind(e.cluster, &ClusterEndpoint::create_tokens)},

    {Method::get,  "/api/alerts",                             Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.alert, &AlertEndpoint::list)},
    {Method::get,  "/api/alerts/targets",                     Access::admin,     StepUp::none,   Body::none, Lane::read,  bind(e.alert, &AlertEndpoint::list_targets)},
    {Method::post, "/api/alerts/targets",                     Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.alert, &AlertEndpoint::create)},
    {Method::put,  "/api/alerts/targets/{id}",                Access::admin,     StepUp::needed, Body::json, Lane::write, bind(e.alert, &AlertEndpoint::update)},
    {Method::del,  "/api/alerts/targets/{id}",                Access::admin,     StepUp::none,   Body::none, Lane::write, bind(e.alert, &AlertEndpoint::remove)},
    {Method::post, "/api/alerts/targets/{id}/test",           Access::admin,     StepUp::none,   Body::none, Lane::write, bind(e.alert, &AlertEndpoint::test)},

    {Method::get,  "/api/audit",                              Access::admin,     StepUp::none,   Body::none, Lane::read,  bind_with_query(e.audit, &AuditEndpoint::list)},
    {Method::get,  "/api/audit/export",                       Access::admin,     StepUp::none,   Body::none, Lane::read,  bind_with_query(e.audit, &AuditEndpoint::export_lines)},
    {Method::get,  "/api/events",                             Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind_with_query(e.event, &EventEndpoint::stream)},
    {Method::get,  "/api/metrics",                            Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(e.metrics, &MetricsEndpoint::metrics)},

    {Method::get,  "/api/openapi.json",                       Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(document_json)},
    {Method::get,  "/api/docs",                               Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(document_page)},
    {Method::get,  "/api/docs.css",                           Access::viewer,    StepUp::none,   Body::none, Lane::read,  bind(document_style)},

    {Method::post, "/admin/setup-code",                       Access::root,      StepUp::none,   Body::none, Lane::write, bind(e.admin, &AdminEndpoint::new_setup_code)},
    {Method::get,  "/admin/health",                           Access::root,      StepUp::none,   Body::none, Lane::read,  bind(e.health, &HealthEndpoint::details)},
    {Method::get,  "/admin/hub/conf",                         Access::root,      StepUp::none,   Body::none, Lane::read,  bind(e.admin, &AdminEndpoint::show_conf)},
    {Method::get,  "/admin/users",                            Access::root,      StepUp::none,   Body::none, Lane::read,  bind(e.user, &UserEndpoint::list)},
    {Method::post, "/admin/users",                            Access::root,      StepUp::none,   Body::json, Lane::write, bind(e.user, &UserEndpoint::create)},
    {Method::put,  "/admin/users/{name}",                     Access::root,      StepUp::none,   Body::json, Lane::write, bind(e.user, &UserEndpoint::update_by_name)},
    {Method::post, "/admin/users/{name}/reset",               Access::root,      StepUp::none,   Body::json, Lane::write, bind(e.user, &UserEndpoint::reset_by_name)},
    {Method::get,  "/admin/audit/verify",                     Access::root,      StepUp::none,   Body::none, Lane::read,  bind(e.audit, &AuditEndpoint::verify)},
  };
}
// clang-format on

}  // namespace wghub::endpoint
