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
    {Method::get,  "/api/health/live",                 Access::open,      Body::none, Lane::read,  bind(e.health, &HealthEndpoint::live)},
    {Method::get,  "/api/health/ready",                Access::open,      Body::none, Lane::read,  bind(e.health, &HealthEndpoint::ready)},

    {Method::get,  "/api/setup",                       Access::open,      Body::none, Lane::read,  bind(e.account, &AccountEndpoint::setup_state)},
    {Method::post, "/api/setup",                       Access::open,      Body::json, Lane::write, bind(e.account, &AccountEndpoint::setup)},
    {Method::post, "/api/auth/login",                  Access::open,      Body::json, Lane::write, bind(e.account, &AccountEndpoint::login)},
    {Method::post, "/api/auth/logout",                 Access::signed_in, Body::none, Lane::write, bind(e.account, &AccountEndpoint::logout)},
    {Method::get,  "/api/auth/me",                     Access::signed_in, Body::none, Lane::read,  bind(e.account, &AccountEndpoint::me)},
    {Method::get,  "/api/api-tokens",                  Access::admin,     Body::none, Lane::read,  bind(e.account, &AccountEndpoint::list_api_tokens)},
    {Method::post, "/api/api-tokens",                  Access::admin,     Body::json, Lane::write, bind(e.account, &AccountEndpoint::create_api_token)},
    {Method::del,  "/api/api-tokens/{id}",             Access::admin,     Body::none, Lane::write, bind(e.account, &AccountEndpoint::revoke_api_token)},

    {Method::post, "/api/hub/initialize",              Access::admin,     Body::json, Lane::write, bind(e.hub, &HubEndpoint::initialize)},
    {Method::get,  "/api/hub/config",                  Access::viewer,    Body::none, Lane::read,  bind(e.hub, &HubEndpoint::config)},
    {Method::put,  "/api/hub/config",                  Access::admin,     Body::json, Lane::write, bind(e.hub, &HubEndpoint::update)},
    {Method::get,  "/api/hub/status",                  Access::viewer,    Body::none, Lane::read,  bind_with_query(e.hub, &HubEndpoint::status)},

    {Method::post, "/api/installation/token",              Access::operator_, Body::json, Lane::write, bind(e.token, &TokenEndpoint::create)},
    {Method::post, "/api/installation/tokens/bulk",        Access::operator_, Body::json, Lane::write, bind(e.token, &TokenEndpoint::create_bulk)},
    {Method::get,  "/api/installation/tokens",             Access::viewer,    Body::none, Lane::read,  bind_with_query(e.token, &TokenEndpoint::list)},
    {Method::get,  "/api/installation/token/{id}",         Access::viewer,    Body::none, Lane::read,  bind(e.token, &TokenEndpoint::details)},
    {Method::del,  "/api/installation/token/{id}",         Access::operator_, Body::none, Lane::write, bind(e.token, &TokenEndpoint::revoke)},
    {Method::post, "/api/installation/token/{id}/reissue", Access::operator_, Body::none, Lane::write, bind(e.token, &TokenEndpoint::reissue)},
    {Method::get,  "/api/installation/script/{token}",     Access::open,      Body::none, Lane::write, bind_with_query(e.script, &ScriptEndpoint::script), as_script},
    {Method::post, "/api/installation/report",             Access::open,      Body::json, Lane::write, bind(e.script, &ScriptEndpoint::report)},

    {Method::post, "/api/spoke/register",              Access::open,      Body::json, Lane::write, bind(e.spoke, &SpokeEndpoint::register_spoke, SpokeEndpoint::render_error), SpokeEndpoint::render_error},
    {Method::get,  "/api/spoke/list",                  Access::viewer,    Body::none, Lane::read,  bind_with_query(e.spoke, &SpokeEndpoint::list)},
    {Method::get,  "/api/spoke/{id}/status",           Access::viewer,    Body::none, Lane::read,  bind(e.spoke, &SpokeEndpoint::status)},
    {Method::del,  "/api/spoke/{id}",                  Access::operator_, Body::none, Lane::write, bind(e.spoke, &SpokeEndpoint::remove)},

    {Method::get,  "/api/proxmox/clusters",             Access::viewer,    Body::none, Lane::read,  bind_with_query(e.cluster, &ClusterEndpoint::list)},
    {Method::get,  "/api/proxmox/clusters/{id}",        Access::viewer,    Body::none, Lane::read,  bind(e.cluster, &ClusterEndpoint::details)},
    {Method::put,  "/api/proxmox/clusters/{id}",        Access::operator_, Body::json, Lane::write, bind(e.cluster, &ClusterEndpoint::update)},
    {Method::del,  "/api/proxmox/clusters/{id}",        Access::operator_, Body::none, Lane::write, bind(e.cluster, &ClusterEndpoint::remove)},
    {Method::post, "/api/proxmox/clusters/{id}/tokens", Access::operator_, Body::json, Lane::write, bind(e.cluster, &ClusterEndpoint::create_tokens)},

    {Method::get,  "/api/audit",                       Access::admin,     Body::none, Lane::read,  bind_with_query(e.audit, &AuditEndpoint::list)},
    {Method::get,  "/api/events",                      Access::viewer,    Body::none, Lane::read,  bind(e.event, &EventEndpoint::stream)},

    {Method::get,  "/api/openapi.json",                Access::viewer,    Body::none, Lane::read,  bind(document_json)},
    {Method::get,  "/api/docs",                        Access::viewer,    Body::none, Lane::read,  bind(document_page)},
    {Method::get,  "/api/docs.css",                    Access::viewer,    Body::none, Lane::read,  bind(document_style)},

    {Method::post, "/admin/setup-code",                Access::root,      Body::none, Lane::write, bind(e.admin, &AdminEndpoint::new_setup_code)},
    {Method::get,  "/admin/hub/conf",                  Access::root,      Body::none, Lane::read,  bind(e.admin, &AdminEndpoint::show_conf)},
  };
}
// clang-format on

}  // namespace wghub::endpoint
