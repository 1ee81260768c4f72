#include "tests/fuzz/hub.h"

#include <sodium.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <random>

#include "apid/app/authenticator.h"
#include "apid/endpoint/routes.h"
#include "apid/helper/helper.h"
#include "apid/http/answer.h"
#include "apid/http/event_stream.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/apid/store/scratch.h"

// What OpenSSL keeps for a thread it frees when that thread ends, and the database's threads outlive the last check.
extern "C" const char* __lsan_default_suppressions() { return "leak:CRYPTO_zalloc\n"; }  // NOLINT: the sanitizer's name

namespace wghub::fuzz {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr int kInputsPerHub = 2000;
const std::string kShare = WGHUB_SOURCE "/share";

std::int64_t now() { return kNow; }

class AgreeableHelper final : public Helper {
 public:
  Outcome<HelperInfo> hello() override { return HelperInfo{HelperBackend::kernel, store::make_key(1), {}, true}; }
  Outcome<PublicKey> hub_key() override { return store::make_key(1); }
  ConfigureAnswer configure(const InterfacePolicy& policy) override { return {PeerOutcome::done, true, policy}; }
  PeerOutcome add_peer(const WantedPeer&) override { return PeerOutcome::done; }
  PeerOutcome remove_peer(const PublicKey&) override { return PeerOutcome::done; }
  std::vector<PeerOutcome> add_peers(std::span<const WantedPeer> peers) override {
    return std::vector(peers.size(), PeerOutcome::done);
  }
  std::vector<PeerOutcome> remove_peers(std::span<const PublicKey> keys) override {
    return std::vector(keys.size(), PeerOutcome::done);
  }
  Outcome<StatusSnapshot> status() override { return StatusSnapshot{true, true, {}}; }
  void on_link_change(std::function<void()>) override {}
};

class NoCourier final : public Courier {
 public:
  std::optional<std::string> deliver(const AlertTarget&, const Message&) override { return std::nullopt; }
  std::optional<std::int64_t> certificate_end(const std::string&) override { return std::nullopt; }
  void stop() override {}
};

store::DatabaseOptions options_for(const std::string& path) {
  store::DatabaseOptions options;
  options.path = path;
  options.readers = 1;
  options.clock = now;
  options.on_failure = [](const std::string& reason) { claim(false, reason.c_str()); };
  return options;
}

TokenSettings token_settings() {
  TokenSettings settings;
  settings.tokens_per_hour = 100;
  settings.unknown_tokens_per_minute = 0;
  settings.base_url = [](const std::string&) { return "https://hub.example"; };
  return settings;
}

}  // namespace

// As in apid/app/application.cpp, without its sockets.
struct Hub::Parts {
  void set_up();

  std::mt19937_64 numbers{20240603};  // NOLINT: the same bytes every time
  RandomBytes random = [this](std::span<std::uint8_t> bytes) {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(numbers());
  };
  store::ScratchDirectory directory;
  store::Database database{options_for(directory.file("hub.sqlite"))};
  Stores stores{database, {}, {}, {}, {}, {}, {}, {}};
  ScriptRenderer scripts{kShare};
  http::EventBroadcaster broadcaster{1};
  endpoint::EventEncoder encoder{broadcaster};
  endpoint::Meter meter{encoder};
  AgreeableHelper helper;
  AuditTrail audit{stores, now};
  PeerLocks locks;
  StatusTracker tracker{stores, meter, now};
  People people{stores, audit, meter, now, random, {5, 5}};
  HubService hub{stores, audit, meter, helper, 1420, [](const std::string&) {}};
  TokenService tokens{stores, audit, meter, scripts, random, token_settings()};
  ClusterMembership membership{stores, audit, random};
  SpokeService spokes{stores, audit, meter, tokens, {helper, locks, tracker, membership, [] {}}};
  SpokeImport import{stores, audit, meter, tokens, {helper, locks, [] {}}};
  ClusterService clusters{stores, audit, meter, tokens, tracker};
  AlertWatch alert_watch{stores, now, [] {}};
  NoCourier courier;
  AlertService alerts{stores, audit, courier, now, random, {true, "hub.example"}};
  Reconciler reconciler{stores, audit, {helper, spokes, tracker, alert_watch, locks, meter}, ForeignPeers::remove,
                        1420,   now};
  endpoint::AccountEndpoint account_endpoint{people};
  endpoint::ApiTokenEndpoint api_token_endpoint{people.api_tokens};
  endpoint::SessionEndpoint session_endpoint{people.sessions};
  endpoint::TotpEndpoint totp_endpoint{people.second_factor};
  endpoint::UserEndpoint user_endpoint{people.users};
  endpoint::HubEndpoint hub_endpoint{hub, tracker, reconciler};
  endpoint::TokenEndpoint token_endpoint{tokens};
  endpoint::ScriptEndpoint script_endpoint{tokens, scripts};
  endpoint::SpokeEndpoint spoke_endpoint{spokes};
  endpoint::ImportEndpoint import_endpoint{import};
  endpoint::ClusterEndpoint cluster_endpoint{clusters};
  endpoint::AlertEndpoint alert_endpoint{alerts, [] { return 720; }};
  endpoint::AuditEndpoint audit_endpoint{stores};
  endpoint::EventEndpoint event_endpoint;
  endpoint::HealthEndpoint health_endpoint{stores, people.setup, hub, reconciler};
  endpoint::AdminEndpoint admin_endpoint{people.setup, hub};
  endpoint::HubFigures figures{{stores, tracker, reconciler, broadcaster}, {directory.file("hub.sqlite"), "", 100}};
  endpoint::MetricsEndpoint metrics_endpoint{meter, figures};
  app::AccountAuthenticator authenticator{people, audit};
  http::Router router{
      endpoint::make_routes({account_endpoint, api_token_endpoint, session_endpoint, totp_endpoint, user_endpoint,
                             hub_endpoint, token_endpoint, script_endpoint, spoke_endpoint, import_endpoint,
                             cluster_endpoint, alert_endpoint, audit_endpoint, event_endpoint, health_endpoint,
                             admin_endpoint, metrics_endpoint}),
      authenticator};
  http::AllowedHosts hosts{std::vector<std::string>{"hub.example"}};
  http::StaticFiles files{"/nonexistent"};
  http::AdmissionRules rules{router, hosts, files, {*parse_network("192.0.2.0/24")}, "https://app.example"};
  http::Caller admin;
};

void Hub::Parts::set_up() {
  const Actor actor = system_actor();
  const auto code = people.setup.new_code();
  claim(static_cast<bool>(code), "a set-up code");
  const auto signed_in = people.setup.run(*code, "admin", Secret(std::string("a horse of many colours")), actor);
  claim(static_cast<bool>(signed_in), "an admin");
  const auto found = authenticator.by_session(signed_in->cookie.reveal(), http::SessionUse::counts);
  claim(found.has_value(), "a session");
  admin = *found;
  HubRequest wanted{*parse_network("10.77.0.0/16"), 51820, "hub.example:51820", {*parse_address("9.9.9.9")}};
  claim(static_cast<bool>(hub.initialize(wanted, actor)), "an initialised hub");
  const auto issued = tokens.create({{"one", {}}, {"two", {}}, {"three", {}}, {"four", {}}}, actor);
  claim(static_cast<bool>(issued), "tokens");
  RegisterRequest registration;
  registration.token = issued->front().text;
  registration.key = store::make_key(2);
  claim(static_cast<bool>(spokes.register_spoke(registration, actor)), "a spoke");
}

Hub::Hub(State state) : parts_(std::make_unique<Parts>()) {
  if (state == State::in_use) parts_->set_up();
  if (state == State::untouched) claim(static_cast<bool>(parts_->people.setup.new_code()), "a set-up code");
}

Hub::~Hub() = default;

const http::Router& Hub::router() const { return parts_->router; }

const http::AdmissionRules& Hub::rules() const { return parts_->rules; }

const http::Caller& Hub::admin() const { return parts_->admin; }

Hub& Hubs::of(Hub::State state, Lent& lent) {
  claim(sodium_init() >= 0, "libsodium starts");
  if (lent.times++ % kInputsPerHub == 0) lent.hub.reset();
  if (!lent.hub) lent.hub = std::make_unique<Hub>(state);
  return *lent.hub;
}

std::string check(const http::Response& response, const http::Request& request) {
  claim(response.status >= 200 && response.status < 600 && response.status != 500, "no input is an internal error");
  const auto sent = http::write_answer(response, request, {});
  const auto blank = sent.find("\r\n\r\n");
  claim(sent.starts_with("HTTP/1.1 ") && blank != std::string::npos, "an answer has a head");
  const auto head = std::string_view(sent).substr(0, blank + 2);
  const auto lines = std::count(head.begin(), head.end(), '\n');
  claim(lines == std::count(head.begin(), head.end(), '\r') && lines < 40, "a head has its own lines alone");
  for (const char byte : head) claim(byte >= ' ' || byte == '\r' || byte == '\n', "a head has no control characters");
  if (response.content_type == "application/json" && !response.body.empty()) {
    boost::json::error_code error;
    claim(boost::json::parse(response.body, error).is_object() && !error, "a JSON answer is one JSON object");
  }
  return sent;
}

}  // namespace wghub::fuzz
