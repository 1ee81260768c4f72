#include "apid/http/router.h"

#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/unit/apid/http/fake_authenticator.h"

using namespace wghub;
using namespace wghub::http;

namespace {

Response ok(const Request& request) {
  Response response;
  response.body = request.caller.name;
  return response;
}

std::vector<Route> table() {
  std::vector<Route> routes;
  routes.emplace_back(Method::get, "/api/open", Access::open, StepUp::none, Body::none, Lane::read, ok);
  routes.emplace_back(Method::get, "/api/spoke", Access::viewer, StepUp::none, Body::none, Lane::read, ok);
  routes.emplace_back(Method::get, "/api/spoke/stats", Access::viewer, StepUp::none, Body::none, Lane::read, ok);
  routes.emplace_back(Method::get, "/api/spoke/{id}", Access::viewer, StepUp::none, Body::none, Lane::read, ok);
  routes.emplace_back(Method::del, "/api/spoke/{id}", Access::operator_, StepUp::none, Body::none, Lane::write, ok);
  routes.emplace_back(Method::post, "/api/auth/logout", Access::signed_in, StepUp::none, Body::none, Lane::write, ok);
  routes.emplace_back(Method::post, "/api/users", Access::admin, StepUp::none, Body::json, Lane::write, ok);
  routes.emplace_back(Method::del, "/api/users", Access::admin, StepUp::needed, Body::none, Lane::write, ok);
  routes.emplace_back(Method::put, "/api/auth/password", Access::session, StepUp::none, Body::json, Lane::write, ok);
  routes.emplace_back(Method::post, "/admin/code", Access::root, StepUp::none, Body::none, Lane::write, ok);
  routes.emplace_back(Method::get, "/api/broken", Access::open, StepUp::none, Body::none, Lane::read,
                      [](const Request&) -> Response { throw std::runtime_error("disk on fire"); });
  return routes;
}

struct Rig {
  FakeAuthenticator accounts;
  Router router{table(), accounts};
  Credentials credentials;

  Rig() {
    accounts.tokens = {{"v-token", Role::viewer}, {"o-token", Role::operator_}, {"a-token", Role::admin}};
    accounts.sessions = {{"v", Role::viewer}, {"o", Role::operator_}, {"a", Role::admin}};
    credentials.own_host = "hub.example.com:8443";
  }
  Rig& bearer(const char* secret) { return credentials.bearer = Secret(std::string_view(secret)), *this; }
  Rig& cookie(const char* secret) { return credentials.cookie = Secret(std::string_view(secret)), *this; }
  Rig& csrf(const char* header) { return credentials.csrf_header = header, *this; }
  Rig& origin(const char* text) { return credentials.origin = text, *this; }
  Rig& site(const char* text) { return credentials.sec_fetch_site = text, *this; }

  Response send(Method method, const char* path, Door door = Door::network) {
    const auto match = router.match(method, path, door);
    REQUIRE(match.route != nullptr);
    Request request;
    request.method = method;
    if (door == Door::admin_socket) request.caller = {Credential::root, "root", "", "root", "root", Role::admin};
    return router.handle(*match.route, request, credentials);
  }
  std::string code(Method method, const char* path, Door door = Door::network) {
    const auto response = send(method, path, door);
    for (const auto& [name, value] : response.headers)
      if (name == "X-Error-Code") return value;
    return std::to_string(response.status);
  }
};

}  // namespace

TEST_CASE("RouterFindsRowsAndTheirParameters") {
  Rig rig;
  const auto found = rig.router.match(Method::get, "/api/spoke/42");
  REQUIRE(found.route != nullptr);
  CHECK(found.route->pattern == "/api/spoke/{id}");
  CHECK(found.parameters == std::vector<std::string>{"42"});
  CHECK(rig.router.match(Method::get, "/api/spoke/stats").route->pattern == "/api/spoke/stats");
  CHECK(rig.router.match(Method::head, "/api/spoke").route->pattern == "/api/spoke");
}

TEST_CASE("RouterFindsNothingBesideItsRows") {
  Rig rig;
  for (const char* path : {"", "/", "api/spoke", "/api/spoke/", "/api//spoke", "/api/spoke/42/", "/api/spoke/42/x",
                           "/API/spoke", "/api", "//api/spoke"})
    CHECK_FALSE(rig.router.match(Method::get, path).path_exists);
}

TEST_CASE("RouterNamesTheAllowedMethods") {
  Rig rig;
  const auto other = rig.router.match(Method::put, "/api/spoke/42");
  CHECK(other.route == nullptr);
  CHECK(other.path_exists);
  CHECK(other.allow == "GET, HEAD, DELETE, OPTIONS");
  CHECK(rig.router.match(Method::get, "/api/users").allow == "POST, DELETE, OPTIONS");
}

TEST_CASE("TheAdminSocketHasRootsRowsAndThoseOfRoles") {
  Rig rig;
  CHECK_FALSE(rig.router.match(Method::post, "/admin/code").path_exists);
  CHECK_FALSE(rig.router.match(Method::get, "/api/open", Door::admin_socket).path_exists);
  for (const Access access : {Access::open, Access::signed_in, Access::session}) {
    CHECK(is_served(access, Door::network));
    CHECK_FALSE(is_served(access, Door::admin_socket));
  }
  for (const Access access : {Access::viewer, Access::operator_, Access::admin}) {
    CHECK(is_served(access, Door::network));
    CHECK(is_served(access, Door::admin_socket));
  }
  CHECK(rig.send(Method::post, "/api/users", Door::admin_socket).body == "root");
  CHECK(rig.accounts.notes == std::vector<std::string>{"setup"});  // no credential was looked for
}

TEST_CASE("BeforeSetUpRootHasHisOwnRowsAlone") {
  Rig rig;
  rig.accounts.needs_setup = true;
  CHECK(rig.send(Method::post, "/admin/code", Door::admin_socket).body == "root");
  CHECK(rig.code(Method::post, "/api/users", Door::admin_socket) == "SETUP_REQUIRED");
}

TEST_CASE("RouterRefusesInTheOrderOfTheContract") {
  Rig rig;
  rig.accounts.needs_setup = true;
  CHECK(rig.bearer("a-token").code(Method::post, "/api/users") == "SETUP_REQUIRED");
  CHECK(rig.accounts.notes == std::vector<std::string>{"setup"});

  rig.accounts.needs_setup = false;
  rig.accounts.notes.clear();
  CHECK(Rig{}.code(Method::post, "/api/users") == "UNAUTHENTICATED");
  CHECK(Rig{}.cookie("nobody").csrf("x").code(Method::post, "/api/users") == "UNAUTHENTICATED");
  CHECK(Rig{}.cookie("v").code(Method::post, "/api/users") == "CSRF_FAILED");  // before the role
  CHECK(Rig{}.cookie("v").csrf("csrf-of-v").code(Method::post, "/api/users") == "FORBIDDEN");
  CHECK(Rig{}.cookie("a").csrf("csrf-of-a").code(Method::post, "/api/users") == "200");
}

TEST_CASE("OpenRowsAskForNothing") {
  Rig rig;
  rig.accounts.needs_setup = true;
  CHECK(rig.bearer("wrong").send(Method::get, "/api/open").body.empty());
  CHECK(rig.accounts.notes.empty());
}

TEST_CASE("RolesReachTheirRowsAndNoOthers") {
  CHECK(Rig{}.bearer("v-token").code(Method::get, "/api/spoke") == "200");
  CHECK(Rig{}.bearer("v-token").code(Method::del, "/api/spoke/1") == "FORBIDDEN");
  CHECK(Rig{}.bearer("o-token").code(Method::del, "/api/spoke/1") == "200");
  CHECK(Rig{}.bearer("o-token").code(Method::post, "/api/users") == "FORBIDDEN");
  CHECK(Rig{}.bearer("a-token").code(Method::post, "/api/users") == "200");
  CHECK(Rig{}.bearer("v-token").code(Method::post, "/api/auth/logout") == "200");
}

TEST_CASE("WhatIsDangerousAsksASessionForItsPasswordAgain") {
  Rig rig;
  rig.cookie("a").csrf("csrf-of-a");
  CHECK(rig.code(Method::del, "/api/users") == "STEP_UP_REQUIRED");
  CHECK(rig.code(Method::post, "/api/users") == "200");
  rig.accounts.stepped_up = true;
  CHECK(rig.code(Method::del, "/api/users") == "200");
  CHECK(Rig{}.cookie("v").csrf("csrf-of-v").code(Method::del, "/api/users") == "FORBIDDEN");  // the role comes first
  CHECK(Rig{}.bearer("a-token").code(Method::del, "/api/users") == "200");
}

TEST_CASE("APersonsOwnRowsAreClosedToApiTokens") {
  CHECK(Rig{}.cookie("v").csrf("csrf-of-v").code(Method::put, "/api/auth/password") == "200");
  CHECK(Rig{}.cookie("v").code(Method::put, "/api/auth/password") == "CSRF_FAILED");
  CHECK(Rig{}.bearer("a-token").code(Method::put, "/api/auth/password") == "FORBIDDEN");
  CHECK(Rig{}.code(Method::put, "/api/auth/password") == "UNAUTHENTICATED");
}

TEST_CASE("ABearerTokenAloneCounts") {
  CHECK(Rig{}.bearer("wrong").cookie("a").csrf("csrf-of-a").code(Method::get, "/api/spoke") == "UNAUTHENTICATED");
  CHECK(Rig{}.bearer("a-token").cookie("v").code(Method::post, "/api/users") == "200");
  Rig malformed;
  malformed.credentials.bearer_malformed = true;
  CHECK(malformed.cookie("a").code(Method::get, "/api/spoke") == "UNAUTHENTICATED");
}

TEST_CASE("WritesByASessionComeFromTheHubsOwnPages") {
  const auto write = [](Rig& rig) { return rig.cookie("a").code(Method::post, "/api/users"); };
  CHECK(write(Rig{}.csrf("csrf-of-a").origin("https://hub.example.com:8443").site("same-origin")) == "200");
  CHECK(write(Rig{}.csrf("csrf-of-a").origin("https://HUB.example.com:8443")) == "200");
  CHECK(write(Rig{}.origin("https://hub.example.com:8443").site("same-origin")) == "CSRF_FAILED");
  CHECK(write(Rig{}.csrf("csrf-of-v")) == "CSRF_FAILED");
  for (const char* origin : {"https://evil.example", "http://hub.example.com:8443", "https://hub.example.com", "null",
                             "https://hub.example.com:8443.evil.example"})
    CHECK(write(Rig{}.csrf("csrf-of-a").origin(origin)) == "CSRF_FAILED");
  for (const char* site : {"same-site", "cross-site", "none"})
    CHECK(write(Rig{}.csrf("csrf-of-a").site(site)) == "CSRF_FAILED");
  CHECK(Rig{}.cookie("a").site("cross-site").code(Method::get, "/api/spoke") == "200");
}

TEST_CASE("WhoWasDeniedIsNoted") {
  using Denials = std::vector<std::string>;
  const auto denied = [](Rig& rig, Method method, const char* path) {
    return rig.code(method, path), rig.accounts.denials;
  };
  CHECK(denied(Rig{}.bearer("v-token"), Method::post, "/api/users") == Denials{"v-token FORBIDDEN"});
  CHECK(denied(Rig{}.bearer("wrong"), Method::get, "/api/spoke") == Denials{" UNAUTHENTICATED"});
  CHECK(denied(Rig{}.cookie("gone"), Method::get, "/api/spoke") == Denials{" UNAUTHENTICATED"});
  CHECK(denied(Rig{}.cookie("v"), Method::post, "/api/auth/logout") == Denials{"v CSRF_FAILED"});
  CHECK(denied(Rig{}.cookie("a").csrf("csrf-of-a"), Method::del, "/api/users") == Denials{"a STEP_UP_REQUIRED"});
  Rig nobody;
  CHECK(denied(nobody, Method::get, "/api/spoke").empty());  // so begins every visit
  CHECK(denied(Rig{}.bearer("a-token"), Method::get, "/api/spoke").empty());
}

TEST_CASE("TheRouterShowsNoExceptionToTheClient") {
  const auto response = Rig{}.send(Method::get, "/api/broken");
  CHECK(response.status == 500);
  CHECK(response.body.find("INTERNAL") != std::string::npos);
  CHECK(response.body.find("disk on fire") == std::string::npos);
}

TEST_CASE("RefusalsTakeTheFormOfTheirRow") {
  FakeAuthenticator accounts;
  std::vector<Route> routes;
  routes.emplace_back(Method::get, "/api/script", Access::viewer, StepUp::none, Body::none, Lane::write, ok,
                      [](const Error&, const Request&) {
                        Response response;
                        response.body = "exit 44";
                        return response;
                      });
  const Router router(std::move(routes), accounts);
  Request request;
  CHECK(router.handle(*router.match(Method::get, "/api/script").route, request, {}).body == "exit 44");
}
