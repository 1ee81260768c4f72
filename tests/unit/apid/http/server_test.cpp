// The real server on a port of its own, asked by a client that sends raw bytes.
#include "apid/http/server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/json/parse.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "apid/http/json.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/http/fake_authenticator.h"
#include "tests/unit/apid/http/keeping_meter.h"
#include "tests/unit/apid/http/temporary_directory.h"
#include "tests/unit/apid/http/tls_client.h"

using namespace wghub;
using namespace wghub::http;
using namespace std::chrono_literals;

namespace {

Response text(const std::string& body) {
  Response response;
  response.content_type = "text/plain";
  response.body = body;
  return response;
}

struct Rig {
  explicit Rig(const std::function<void(ServerOptions&)>& change = {}) {
    signal(SIGPIPE, SIG_IGN);  // for the client's side: OpenSSL writes without MSG_NOSIGNAL
    accounts.keep_notes = false;
    accounts.tokens = {{"good", Role::viewer}};
    options.port = 0;
    options.certificate = {folder.path() + "/c.pem", folder.path() + "/k.pem"};
    options.admin_socket = folder.path() + "/admin.sock";
    options.deadlines = {1s, 1s, 1s, 2s, 2s};
    make_certificate_if_absent(options.certificate, {"localhost"});
    if (change) change(options);
    server = std::make_unique<Server>(options, router, events, meter);
    server->start();
  }

  std::vector<Route> table() {
    std::vector<Route> routes;
    routes.emplace_back(Method::get, "/api/hello", Access::open, StepUp::none, Body::none, Lane::read,
                        [](const Request& request) { return text(request.method == Method::head ? "head" : "hello"); });
    routes.emplace_back(Method::get, "/api/slow", Access::open, StepUp::none, Body::none, Lane::write,
                        [this](const Request&) {
                          ++slow_begun;
                          std::this_thread::sleep_for(500ms);
                          return text("slow");
                        });
    routes.emplace_back(Method::get, "/api/large", Access::open, StepUp::none, Body::none, Lane::read,
                        [](const Request&) { return text(std::string(8U << 20U, 'x')); });
    routes.emplace_back(Method::post, "/api/echo", Access::open, StepUp::none, Body::json, Lane::write,
                        [](const Request& request) { return text(request.body); });
    routes.emplace_back(Method::post, "/api/plain", Access::open, StepUp::none, Body::none, Lane::write,
                        [](const Request&) { return text("plain"); });
    routes.emplace_back(Method::get, "/api/events", Access::viewer, StepUp::none, Body::none, Lane::read,
                        [](const Request& request) {
                          auto response = text("");
                          response.content_type = "text/event-stream";
                          std::optional<std::uint64_t> last;
                          if (!request.last_event_id.empty()) last = std::stoull(request.last_event_id);
                          response.events = EventSubscription{request.caller.credential_id, last, false};
                          return response;
                        });
    routes.emplace_back(Method::get, "/admin/who", Access::root, StepUp::none, Body::none, Lane::read,
                        [](const Request& request) { return text(request.caller.name); });
    return routes;
  }

  RawClient client() const { return RawClient(server->port()); }

  std::atomic<int> slow_begun{0};
  TemporaryDirectory folder;
  FakeAuthenticator accounts;
  EventBroadcaster events{1000};
  Router router{table(), accounts};
  KeepingMeter meter;
  ServerOptions options;
  std::unique_ptr<Server> server;
};

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& more = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

unsigned status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoul(answer.substr(9, 3))) : 0;
}

std::size_t count_of(const std::string& all, const std::string& part) {
  std::size_t count = 0;
  for (auto place = all.find(part); place != std::string::npos; place = all.find(part, place + 1)) ++count;
  return count;
}

bool has(const std::string& answer, const std::string& part) { return answer.find(part) != std::string::npos; }

// What is logged while it lives: standard error goes to a file.
class Log {
 public:
  explicit Log(const std::string& path) : path_(path), before_(::dup(STDERR_FILENO)) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ::dup2(file.get(), STDERR_FILENO);
  }
  ~Log() { ::dup2(before_.get(), STDERR_FILENO); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// duration_us of the lines with that status.
  std::vector<std::chrono::microseconds> durations(const std::string& status) const {
    std::vector<std::chrono::microseconds> found;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      const auto fields = boost::json::parse(line).as_object();
      if (!fields.contains("status") || std::string(fields.at("status").as_string()) != status) continue;
      found.emplace_back(std::stoll(std::string(fields.at("duration_us").as_string())));
    }
    return found;
  }

 private:
  std::string path_;
  Descriptor before_;
};

}  // namespace

TEST_CASE("KeepsTheConnectionAndAnswersOneRequestAfterTheOther") {
  const Rig rig;
  auto client = rig.client();
  for (int i = 0; i < 3; ++i) CHECK(client.ask(get("/api/hello")).ends_with("\r\n\r\nhello"));
  client.send(post("/api/echo", "{\"a\":1}") + get("/api/slow") + get("/api/hello") + get("/api/nothing"));
  CHECK(client.read_answer().ends_with("{\"a\":1}"));
  CHECK(client.read_answer().ends_with("slow"));
  CHECK(client.read_answer().ends_with("hello"));
  CHECK(status_of(client.read_answer()) == 404);
  const auto last = client.ask(get("/api/hello", "Connection: close\r\n"));
  CHECK(has(last, "Connection: close"));
  CHECK(client.read_all().empty());
}

TEST_CASE("EveryAnswerHasItsHeaders") {
  const Rig rig;
  auto client = rig.client();
  const auto good = client.ask(get("/api/hello"));
  for (const char* field : {"X-Request-Id: ", "Cache-Control: no-store", "X-Content-Type-Options: nosniff",
                            "Referrer-Policy: no-referrer", "Date: "})
    CHECK(has(good, field));
  CHECK_FALSE(has(good, "Strict-Transport-Security"));
  const auto bad = client.ask(get("/api/nothing"));
  CHECK(has(bad, "X-Error-Code: NOT_FOUND"));
  CHECK(has(bad, "\"requestId\":\""));
}

TEST_CASE("HeadIsGetWithoutItsBody") {
  const Rig rig;
  auto client = rig.client();
  client.send("HEAD /api/hello HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/api/hello"));
  const auto head = client.read_answer(false);
  CHECK(has(head, "Content-Length: 4\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(client.read_answer().ends_with("hello"));
}

TEST_CASE("FramingFaultsGetOneAnswerAndTheConnectionCloses") {
  const Rig rig;
  const auto follow = get("/api/hello");
  const std::string post_head = "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const std::vector<std::pair<unsigned, std::string>> cases = {
      {400, post_head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {400, post_head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"},
      {400, post_head + "Transfer-Encoding: gzip\r\n\r\n"},
      {400, post_head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"},
      {400, post_head + "Transfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n0\r\n\r\n"},
      {400, post_head + "X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"},
      {400, post_head + "Content-Length: 2\n\r\n{}"},
      {400, "GET /api/hello HTTP/1.1\nHost: localhost\n\n"},
      {400, "GET /api/hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"},
      {400, "GET /api/hello HTTP/3.0\r\nHost: localhost\r\n\r\n"},
      {400, get("/api/hello", "Content-Length: 2\r\n") + "{}"},
      {400, get("/api/hello", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
      {411, post_head + "\r\n"},
      {413, post_head + "Content-Length: 65537\r\n\r\n"},
      {413, post_head + "Content-Length: 999999999999\r\n\r\n" + std::string(200000, 'x')},
      {413, post_head + "Transfer-Encoding: chunked\r\n\r\n20000\r\n" + std::string(0x20000, 'x')},
      {414, "GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {415, "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"},
      {431, get("/api/hello", "X: " + std::string(9000, 'x') + "\r\n")},
      {404, "POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"},
      {421, "POST /api/echo HTTP/1.1\r\nHost: evil\r\nContent-Length: 2\r\n\r\n{}"},
  };
  for (const auto& [status, bytes] : cases) {
    auto client = rig.client();
    client.send(bytes + follow);
    const auto answer = client.read_all();
    CAPTURE(bytes.substr(0, 200));
    CHECK(status_of(answer) == status);
    CHECK(count_of(answer, "HTTP/1.1 ") == 1);
    CHECK(has(answer, "Connection: close"));
  }
}

TEST_CASE("WrongHostsAndPathsKeepTheConnection") {
  const Rig rig;
  auto client = rig.client();
  CHECK(status_of(client.ask("GET /api/hello HTTP/1.1\r\nHost: evil.example\r\n\r\n")) == 421);
  CHECK(status_of(client.ask("GET /api/hello HTTP/1.1\r\n\r\n")) == 421);
  CHECK(status_of(client.ask(get("/%zz"))) == 400);
  CHECK(has(client.ask("PATCH /api/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), "Allow: GET, HEAD, OPTIONS"));
  rig.server->allow_host("hub.example.com");
  CHECK(status_of(client.ask("GET /api/hello HTTP/1.1\r\nHost: hub.example.com:1\r\n\r\n")) == 200);
}

TEST_CASE("AnswersExpectContinue") {
  const Rig rig;
  auto client = rig.client();
  const std::string head = "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  client.send(head + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_answer(false) == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("{}").ends_with("{}"));
  client.send(head + "Content-Length: 70000\r\nExpect: 100-continue\r\n\r\n");
  CHECK(status_of(client.read_all()) == 413);
}

TEST_CASE("SlowClientsAreCutAndOthersAreNot") {
  const Rig rig;
  auto silent = rig.client();
  auto in_head = rig.client();
  auto in_body = rig.client();
  auto drip = rig.client();
  in_head.send("GET /api/hello HT");
  in_body.send(
      "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n{");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 30 && drip.send("G"); ++i) std::this_thread::sleep_for(100ms);
  CHECK(status_of(in_head.read_all()) == 408);
  CHECK(status_of(in_body.read_all()) == 408);
  CHECK(silent.read_all().empty());
  CHECK(count_of(drip.read_all(), "HTTP/1.1 408") <= 1);
  CHECK(std::chrono::steady_clock::now() - begin < 7s);
  CHECK(status_of(rig.client().ask(get("/api/hello"))) == 200);
}

TEST_CASE("ARequestThatNeverEndedIsLoggedWithTheTimeItWasWaitedFor") {
  const Rig rig;
  const Log log(rig.folder.path() + "/log");
  auto first = rig.client();
  auto second = rig.client();
  std::this_thread::sleep_for(300ms);  // before the first byte there is no request
  first.send("GET /api/hello HT");
  CHECK(status_of(second.ask(get("/api/hello"))) == 200);
  second.send("GET /api/hello HT");
  CHECK(status_of(first.read_all()) == 408);
  CHECK(status_of(second.read_all()) == 408);
  const auto durations = log.durations("408");
  REQUIRE(durations.size() == 2);
  for (const auto duration : durations) {
    CHECK(duration >= 950ms);
    CHECK(duration < 3s);
  }
  REQUIRE(log.durations("200").size() == 1);
  CHECK(log.durations("200")[0] < 900ms);
}

TEST_CASE("AReaderThatDoesNotReadIsCut") {
  const Rig rig;
  auto client = rig.client();
  client.send(get("/api/large"));
  std::this_thread::sleep_for(3s);
  CHECK(client.read_all().size() < (8U << 20U));
  auto patient = rig.client();
  CHECK(patient.ask(get("/api/large")).size() > (8U << 20U));
}

TEST_CASE("SixtyFourClientsAtOnce") {
  const Rig rig;
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&, i] {
      auto client = rig.client();
      if (client.ask(get("/api/slow")).ends_with("slow")) ++good;
      const auto body = "{\"n\":" + std::to_string(i) + "}";
      for (int round = 0; round < 10; ++round)
        if (client.ask(post("/api/echo", body)).ends_with(body)) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 64 * 11);
  CHECK(std::chrono::steady_clock::now() - begin < 15s);  // one after the other: 32 s
}

TEST_CASE("MoreConnectionsOfOneAddressThanAllowedAreRefused") {
  const Rig rig([](ServerOptions& options) { options.connections_per_address = 2; });
  auto first = rig.client();
  {
    auto second = rig.client();
    CHECK_THROWS(rig.client());
    CHECK(status_of(first.ask(get("/api/hello"))) == 200);
  }
  bool again = false;
  for (int i = 0; i < 100 && !again; ++i) {
    try {
      again = status_of(rig.client().ask(get("/api/hello"))) == 200;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(20ms);
    }
  }
  CHECK(again);
}

TEST_CASE("OlderTlsOnlyWhereAllowed") {
  const Rig strict;
  CHECK_THROWS(RawClient(strict.server->port(), TLS1_2_VERSION));
  const Rig lenient([](ServerOptions& options) { options.allow_tls12 = true; });
  CHECK(status_of(RawClient(lenient.server->port(), TLS1_2_VERSION).ask(get("/api/hello"))) == 200);
  CHECK_THROWS(RawClient(lenient.server->port(), TLS1_1_VERSION));
}

TEST_CASE("EventsReachAStreamUntilItsEnd") {
  Rig rig;
  const auto open = [&](const std::string& more = "") {
    auto client = std::make_unique<RawClient>(rig.server->port());
    client->send(get("/api/events", "Authorization: Bearer good\r\n" + more));
    return client;
  };
  rig.events.publish("early", "t", "");
  auto first = open("Last-Event-ID: 999\r\n");
  CHECK(first->read_until("text/event-stream"));
  CHECK(first->read_until(": the hub is here\n\n"));
  CHECK(first->read_until("event: early\n"));
  auto second = open();
  CHECK(second->read_until(": the hub is here\n\n"));
  CHECK(status_of(open()->read_all()) == 429);
  for (int i = 0; i < 100; ++i) rig.events.publish("tick", "t", "\"n\":" + std::to_string(i));
  CHECK(first->read_until("\"n\":99}"));
  CHECK(second->read_until("\"n\":99}"));
  second.reset();
  for (int i = 0; i < 100 && !second; ++i) {  // until the server has noticed that a place is free
    auto client = open();
    if (client->read_until(": the hub is here\n\n")) second = std::move(client);
  }
  REQUIRE(second);
  rig.events.end("id-of-good");
  CHECK(has(first->read_all(), "event: session-ended\n"));
  CHECK(has(second->read_all(), "event: session-ended\n"));
  CHECK(status_of(open()->read_all()) == 429);
}

TEST_CASE("ASlowReaderOfEventsIsClosed") {
  Rig rig;
  auto client = rig.client();
  client.send(get("/api/events", "Authorization: Bearer good\r\n"));
  REQUIRE(client.read_until(": the hub is here"));
  const std::string large = "\"x\":\"" + std::string(20000, 'x') + "\"";
  for (int i = 0; i < 2000; ++i) rig.events.publish("tick", "t", large);
  CHECK(count_of(client.read_all(), "event: tick") < 2000);
  CHECK(status_of(rig.client().ask(get("/api/hello"))) == 200);
}

TEST_CASE("RootFollowsEventsOnTheAdminSocket") {
  Rig rig;
  if (geteuid() != 0) return;
  RawClient root(rig.options.admin_socket);
  root.send(get("/api/events"));
  CHECK(root.read_until(": the hub is here"));
  rig.events.publish("tick", "t", "\"n\":1");
  CHECK(root.read_until("event: tick"));
}

TEST_CASE("TheAdminSocketIsForRootAlone") {
  const Rig rig;
  struct stat status {};
  REQUIRE(stat(rig.options.admin_socket.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  if (geteuid() != 0) return;  // the rest needs two users
  auto root = RawClient(rig.options.admin_socket);
  CHECK(root.ask(get("/admin/who")).ends_with("root"));
  CHECK(status_of(root.ask(get("/api/hello"))) == 404);
  CHECK(status_of(rig.client().ask(get("/admin/who"))) == 404);

  // With the modes widened, the peer's uid still says no.
  chmod(rig.folder.path().c_str(), 0755);
  chmod(rig.options.admin_socket.c_str(), 0666);
  const pid_t child = fork();
  if (child == 0) {
    const bool dropped = setgid(65534) == 0 && setuid(65534) == 0;
    RawClient stranger(rig.options.admin_socket);
    stranger.send(get("/admin/who"));
    _exit(dropped && stranger.read_all().empty() ? 0 : 1);
  }
  int result = -1;
  REQUIRE(waitpid(child, &result, 0) == child);
  CHECK(result == 0);
}

TEST_CASE("AStaleAdminSocketIsReplacedAndAFileIsNot") {
  std::string kept;
  CHECK_THROWS_AS(Rig([&](ServerOptions& options) {
                    options.admin_socket += "-file";
                    std::ofstream(options.admin_socket) << "precious";
                  }),
                  std::runtime_error);
  const TemporaryDirectory folder;
  const auto path = folder.path() + "/admin.sock";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
  {
    const Descriptor stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
  }
  const Rig rig([&](ServerOptions& options) { options.admin_socket = path; });
  CHECK_THROWS_AS(Rig([&](ServerOptions& options) { options.admin_socket = path; }), std::runtime_error);
}

TEST_CASE("StoppingLetsAcceptedRequestsFinish") {
  Rig rig;
  auto idle = rig.client();
  CHECK(status_of(idle.ask(get("/api/hello"))) == 200);
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      auto client = rig.client();
      const auto answer = client.ask(get("/api/slow"));
      if (answer.ends_with("slow")) ++good;
      // Until it says so, the server takes further requests on this connection.
      if (has(answer, "Connection: close") || status_of(client.ask(get("/api/hello"))) == 200) ++good;
    });
  }
  while (rig.slow_begun < 16) std::this_thread::sleep_for(1ms);
  const auto begin = std::chrono::steady_clock::now();
  rig.server->stop(10s);
  CHECK(std::chrono::steady_clock::now() - begin < 4s);
  for (auto& thread : threads) thread.join();
  CHECK(good == 32);
  CHECK(idle.read_all().empty());
  CHECK_THROWS(RawClient(rig.server->port()));
}

TEST_CASE("ANewCertificateCountsForNewConnections") {
  Rig rig;
  auto before = rig.client();
  std::ofstream(rig.options.certificate.certificate) << "nonsense";
  rig.server->reload_certificate();
  CHECK(status_of(rig.client().ask(get("/api/hello"))) == 200);
  std::filesystem::remove(rig.options.certificate.certificate);
  make_certificate_if_absent(rig.options.certificate, {"localhost"});
  rig.server->reload_certificate();
  CHECK(status_of(rig.client().ask(get("/api/hello"))) == 200);
  CHECK(status_of(before.ask(get("/api/hello"))) == 200);
}

TEST_CASE("TheWatchdogHearsOfAServerThatAnswers") {
  const Rig rig;
  CHECK(rig.server->is_alive());
  CHECK(status_of(rig.client().ask(get("/api/hello"))) == 200);  // the question was in front of it
  CHECK(rig.server->is_alive());
  rig.server->stop(1s);
  static_cast<void>(rig.server->is_alive());
  CHECK_FALSE(rig.server->is_alive());
}

TEST_CASE("EveryAnswerIsToldToTheMeterByItsRowAndNeverByItsPath") {
  const Rig rig;
  auto client = rig.client();
  client.ask(get("/api/hello?secret=1"));
  client.send("HEAD /api/hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.read_answer(false);
  client.ask(get("/api/secret"));
  client.ask("BREW /api/secret HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.ask(get("/api/events"));
  client.ask(post("/api/hello", "{}"));
  auto broken = rig.client();
  broken.send("GET /secret HTTP/1.1\nHost: localhost\n\n");
  broken.read_all();
  CHECK(rig.meter.lines() == std::vector<std::string>{"GET /api/hello 200 ", "GET /api/hello 200 ",
                                                      "GET  404 NOT_FOUND", "other  404 NOT_FOUND",
                                                      "GET /api/events 401 UNAUTHENTICATED",
                                                      "POST  405 METHOD_NOT_ALLOWED", "other  400 INVALID_REQUEST"});
}
