#include "apid/http/admission.h"

#include "apid/http/answer.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/http/fake_authenticator.h"

using namespace wghub;
using namespace wghub::http;

namespace {

Response ok(const Request&) { return {}; }

struct Rig {
  Rig() {
    std::vector<Route> routes;
    routes.emplace_back(Method::get, "/api/thing", Access::open, StepUp::none, Body::none, Lane::read, ok);
    routes.emplace_back(Method::post, "/api/thing", Access::open, StepUp::none, Body::json, Lane::write, ok);
    routes.emplace_back(Method::post, "/api/logout", Access::open, StepUp::none, Body::none, Lane::write, ok);
    routes.emplace_back(Method::del, "/api/thing/{id}", Access::open, StepUp::none, Body::none, Lane::write, ok);
    routes.emplace_back(Method::get, "/admin/code", Access::root, StepUp::none, Body::none, Lane::read, ok);
    routes.emplace_back(Method::get, "/api/script/{token}", Access::open, StepUp::none, Body::none, Lane::write, ok,
                        [](const Error&, const Request&) {
                          return Response{400, "text/plain", "exit 1", {}, {}};
                        });
    router = std::make_unique<Router>(std::move(routes), accounts);
    rules = std::make_unique<AdmissionRules>(
        AdmissionRules{*router, hosts, files, {*parse_network("127.0.0.1/32")}, "https://app.example.com"});
  }

  Admission send(const std::string& method, const std::string& target,
                 std::vector<std::pair<std::string, std::string>> fields = {{"host", "localhost"}},
                 Door door = Door::network) {
    Head head;
    head.method = method;
    head.target = target;
    head.fields = std::move(fields);
    if (!head.value("content-length").empty()) head.length = std::stoull(std::string(head.value("content-length")));
    head.chunked = head.value("transfer-encoding") == "chunked";
    return admit(head, *parse_address("127.0.0.1"), door, *rules);
  }
  static std::string header(const Admission& admission, const std::string& name) {
    if (!admission.answer) return "none";
    for (const auto& [field, value] : admission.answer->headers)
      if (field == name) return value;
    return std::to_string(admission.answer->status);
  }
  std::string code(const std::string& method, const std::string& target,
                   std::vector<std::pair<std::string, std::string>> fields) {
    return header(send(method, target, std::move(fields)), "X-Error-Code");
  }

  FakeAuthenticator accounts;
  std::unique_ptr<Router> router;
  AllowedHosts hosts{{"hub.example.com"}};
  StaticFiles files{""};
  std::unique_ptr<AdmissionRules> rules;
};

const std::pair<std::string, std::string> kHost{"host", "localhost"};
const std::pair<std::string, std::string> kJson{"content-type", "application/json; charset=utf-8"};

}  // namespace

TEST_CASE("HeadsAreRefusedInTheOrderOfTheContract") {
  Rig rig;
  // Each request has all later faults too.
  CHECK(rig.code("POST", "/%zz", {{"host", "evil"}, {"content-length", "99999"}}) == "MISDIRECTED_REQUEST");
  CHECK(rig.code("POST", "/%zz", {kHost, {"content-length", "99999"}}) == "INVALID_REQUEST");
  CHECK(rig.code("POST", "/api/nothing", {kHost, {"content-length", "99999"}}) == "NOT_FOUND");
  CHECK(rig.code("PUT", "/api/thing", {kHost, {"content-length", "99999"}}) == "METHOD_NOT_ALLOWED");
  CHECK(rig.code("POST", "/api/thing", {kHost}) == "LENGTH_REQUIRED");
  CHECK(rig.code("POST", "/api/thing", {kHost, {"content-length", "65537"}}) == "BODY_TOO_LARGE");
  CHECK(rig.code("POST", "/api/thing", {kHost, {"content-length", "65536"}}) == "UNSUPPORTED_MEDIA_TYPE");
  CHECK(rig.code("POST", "/api/thing", {kHost, {"content-length", "65536"}, kJson}) == "none");
  CHECK(rig.code("POST", "/api/thing", {kHost, {"transfer-encoding", "chunked"}, kJson}) == "none");
  CHECK(rig.code("POST", "/api/logout", {kHost}) == "none");
}

TEST_CASE("GetAndDeleteTakeNoBodyAndClose") {
  Rig rig;
  for (const char* method : {"GET", "HEAD"}) {
    const auto refused = rig.send(method, "/api/thing", {kHost, {"content-length", "1"}});
    CHECK(Rig::header(refused, "X-Error-Code") == "INVALID_REQUEST");
    CHECK(refused.close);
  }
  CHECK(rig.send("DELETE", "/api/thing/1", {kHost, {"transfer-encoding", "chunked"}}).close);
  CHECK(rig.code("DELETE", "/api/thing/1", {kHost, {"content-length", "0"}}) == "none");
}

TEST_CASE("AWrongHostOrPercentSignMayKeepTheConnection") {
  Rig rig;
  CHECK_FALSE(rig.send("GET", "/api/thing", {{"host", "evil"}}).close);
  CHECK_FALSE(rig.send("GET", "/%zz").close);
  CHECK(rig.send("POST", "/%zz", {kHost, {"content-length", "1"}}).close);
}

TEST_CASE("OptionsAndUnknownMethodsGetAllow") {
  Rig rig;
  CHECK(Rig::header(rig.send("OPTIONS", "/api/thing"), "Allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(rig.send("OPTIONS", "/api/thing").answer->status == 204);
  for (const char* method : {"PATCH", "TRACE", "get", "PROPFIND"}) {
    const auto refused = rig.send(method, "/api/thing");
    CHECK(refused.answer->status == 405);
    CHECK(Rig::header(refused, "Allow") == "GET, HEAD, POST, OPTIONS");
  }
  CHECK(rig.send("PATCH", "/api/nothing").answer->status == 404);
  CHECK(rig.send("OPTIONS", "/admin/code").answer->status == 404);
}

TEST_CASE("OnlyTheConfiguredOriginGetsCorsHeaders") {
  Rig rig;
  const auto preflight =
      rig.send("OPTIONS", "/api/thing",
               {kHost, {"origin", "https://app.example.com"}, {"access-control-request-method", "POST"}});
  CHECK(Rig::header(preflight, "Access-Control-Allow-Methods") == "GET, HEAD, POST, OPTIONS");
  const auto text = write_answer(*preflight.answer, preflight.request, {false, false, "https://app.example.com", true});
  CHECK(text.find("Access-Control-Allow-Origin: https://app.example.com\r\n") != std::string::npos);
  CHECK(text.find("Allow-Credentials") == std::string::npos);
  const auto other = rig.send("OPTIONS", "/api/thing", {kHost, {"origin", "https://evil.example"}});
  CHECK_FALSE(other.from_origin);
}

TEST_CASE("RefusalsBeforeTheHandlerTakeTheFormOfTheirRow") {
  Rig rig;
  CHECK(rig.send("GET", "/api/script/abc", {{"host", "evil"}}).answer->body == "exit 1");
  CHECK(rig.send("GET", "/api/script/abc", {kHost, {"content-length", "1"}}).answer->body == "exit 1");
}

TEST_CASE("RequestsOnTheAdminSocketAreRoots") {
  Rig rig;
  const auto admitted = rig.send("GET", "/admin/code", {{"host", "anything"}}, Door::admin_socket);
  CHECK_FALSE(admitted.answer);
  CHECK(admitted.request.caller.credential == Credential::root);
  CHECK(rig.send("GET", "/api/thing", {kHost}, Door::admin_socket).answer->status == 404);
}

TEST_CASE("ARequestCarriesWhatItsHeadersSay") {
  Rig rig;
  const auto admitted = rig.send("GET", "/api/thing?a=b",
                                 {{"host", "HUB.example.com:1"},
                                  {"user-agent", "x\x01" + std::string(300, 'y')},
                                  {"cookie", "a=b; __Host-session=s3cret; c=d"},
                                  {"authorization", "bearer whk_x"},
                                  {"x-forwarded-for", "192.0.2.7"},
                                  {"accept", "text/event-stream"}});
  const auto& request = admitted.request;
  CHECK(request.query.size() == 1);
  CHECK(request.user_agent.size() == 256);
  CHECK(request.user_agent.starts_with("x?y"));
  CHECK(request.session_cookie.reveal() == "s3cret");
  CHECK(to_string(request.client) == "192.0.2.7");
  CHECK(request.request_id.size() == 36);
  CHECK(admitted.credentials.bearer.reveal() == "whk_x");
  CHECK(admitted.credentials.own_host == "hub.example.com:1");
  CHECK(admitted.credentials.use == SessionUse::background);
}

TEST_CASE("AuthorizationThatIsNoBearerTokenIsMalformed") {
  Rig rig;
  for (const char* value : {"Basic abc", "Bearer", "Bearer ", "whk_x"})
    CHECK(rig.send("GET", "/api/thing", {kHost, {"authorization", value}}).credentials.bearer_malformed);
  CHECK(rig.send("GET", "/api/thing", {kHost, {"authorization", "Bearer a"}, {"authorization", "Bearer b"}})
            .credentials.bearer_malformed);
}

TEST_CASE("OnlyOurOwnNamesAreHosts") {
  Rig rig;
  auto& hosts = rig.hosts;
  for (const char* host : {"localhost", "LOCALHOST:8443", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8443",
                           "hub.example.com", "Hub.Example.Com:443"})
    CHECK(hosts.allows(host));
  for (const char* host : {"", "evil", "hub.example.com.evil", "hub.example.com:x", "hub.example.com:123456", "[::1",
                           "[::1]x", "127.0.0.1@evil", "192.0.2.55", "localhost:80:80"})
    CHECK_FALSE(hosts.allows(host));
  hosts.add("New.Example.Com");
  CHECK(hosts.allows("new.example.com"));
}
