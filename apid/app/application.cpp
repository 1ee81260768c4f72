#include "apid/app/application.h"

#include <sodium.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "apid/app/alerts.h"
#include "apid/app/authenticator.h"
#include "apid/app/metered_courier.h"
#include "apid/app/metered_helper.h"
#include "apid/endpoint/routes.h"
#include "apid/helper/helper.h"
#include "apid/http/certificate.h"
#include "apid/http/event_stream.h"
#include "apid/http/router.h"
#include "apid/http/server.h"
#include "apid/service/alert_sender.h"
#include "apid/service/housekeeper.h"
#include "apid/service/reconciler.h"
#include "apid/service/spoke_import.h"
#include "common/log.h"

namespace wghub::app {
namespace {

constexpr std::chrono::seconds kGrace{10};
constexpr std::int64_t kDay = 24 * 60 * 60;

std::int64_t system_clock_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void system_random(std::span<std::uint8_t> bytes) { randombytes_buf(bytes.data(), bytes.size()); }

// Ids of events must not repeat after a restart, so that a Last-Event-ID of before is told apart.
std::uint64_t first_event_id() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

// A disk that cannot commit is no place to serve from: the service manager starts us anew (F4).
[[noreturn]] void end_process(const std::string& reason) {
  log::error("the database failed; ending to be started anew", {{"reason", reason}});
  std::_Exit(70);
}

http::CertificateFiles certificate_files(const Configuration& configuration) {
  if (!configuration.certificate.empty()) return {configuration.certificate, configuration.certificate_key};
  const std::string directory = configuration.state_directory + "/tls/";
  return {directory + "certificate.pem", directory + "key.pem"};
}

// As the Host allow-list and certificates have it: an IPv6 address without its brackets.
std::string without_brackets(const std::string& host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

std::string host_of_url(const std::string& url) {
  const std::string authority = url.substr(std::string_view("https://").size());
  const auto end = authority.find_first_of(":/", authority.starts_with('[') ? authority.find(']') : 0);
  return without_brackets(authority.substr(0, end));
}

std::vector<std::string> host_names(const Configuration& configuration) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  if (configuration.listen_address != "0.0.0.0" && configuration.listen_address != "::")
    names.push_back(configuration.listen_address);
  if (!configuration.api_base_url.empty()) names.push_back(host_of_url(configuration.api_base_url));
  return names;
}

http::ServerOptions server_options(const Configuration& configuration, int handed_over_socket) {
  http::ServerOptions options;
  options.listen_address = configuration.listen_address;
  options.port = configuration.port;
  options.handed_over_socket = handed_over_socket;
  options.admin_socket = configuration.admin_socket;
  options.certificate = certificate_files(configuration);
  options.self_made_certificate = configuration.certificate.empty();
  options.allow_tls12 = configuration.allow_tls12;
  options.cors_origin = configuration.cors_origin;
  options.allowed_hosts = host_names(configuration);
  options.trusted_proxies = configuration.trusted_proxies;
  options.static_directory = configuration.share_directory + "/dashboard";
  return options;
}

std::string prepared_pin(const Configuration& configuration) {
  if (!configuration.certificate.empty()) return "";
  const auto files = certificate_files(configuration);
  http::make_certificate_if_absent(files, host_names(configuration));
  return http::public_key_pin(files.certificate);
}

TokenSettings token_settings(const Configuration& configuration) {
  TokenSettings settings;
  settings.lifetime_seconds = configuration.token_lifetime;
  settings.tokens_per_hour = configuration.tokens_per_hour;
  settings.unknown_tokens_per_minute = configuration.unknown_tokens_per_minute;
  settings.certificate_pin = prepared_pin(configuration);
  settings.base_url = [base = configuration.api_base_url, port = configuration.port](const std::string& endpoint) {
    return base.empty() ? "https://" + host_of(endpoint) + ":" + std::to_string(port) : base;
  };
  return settings;
}

endpoint::FigureOptions figure_options(const Configuration& configuration) {
  return {configuration.database_path, certificate_files(configuration).certificate, configuration.metrics_spokes};
}

std::string configured_hub_name(const Configuration& configuration) {
  return configuration.api_base_url.empty() ? "" : host_of_url(configuration.api_base_url);
}

store::DatabaseOptions database_options(const Configuration& configuration) {
  store::DatabaseOptions options;
  options.path = configuration.database_path;
  options.clock = system_clock_seconds;
  options.on_failure = end_process;
  return options;
}

}  // namespace

// In the order of construction: each needs only those above it.
struct Application::Parts {
  Parts(const Configuration& configuration, int handed_over_socket)
      : database(database_options(configuration)),
        stores{database, {}, {}, {}, {}, {}, {}, {}},
        scripts(configuration.share_directory),
        broadcaster(first_event_id()),
        encoder(broadcaster),
        meter(encoder),
        courier(make_courier(configuration), meter),
        helper(std::make_unique<MeteredHelper>(connect_helper(configuration.helper_socket), meter)),
        audit(stores, system_clock_seconds),
        tracker(stores, meter, system_clock_seconds),
        people(stores, audit, meter, system_clock_seconds, system_random,
               {configuration.logins_per_15min, configuration.logins_per_15min * 10}),
        hub(stores, audit, meter, *helper, configuration.interface_mtu,
            [this](const std::string& endpoint) { allow_endpoint(endpoint); }),
        tokens(stores, audit, meter, scripts, system_random, token_settings(configuration)),
        membership(stores, audit, system_random),
        spokes(stores, audit, meter, tokens,
               {*helper, locks, tracker, membership, [this] { reconciler.peers_changed(); }}),
        import(stores, audit, meter, tokens, {*helper, locks, [this] { reconciler.peers_changed(); }}),
        clusters(stores, audit, meter, tokens, tracker),
        certificates(stores,
                     watched_certificates(configuration, certificate_files(configuration).certificate, courier)),
        alerts(stores, audit, courier, system_clock_seconds, system_random,
               {!configuration.alert_networks.empty(), configured_hub_name(configuration)}),
        alert_sender(stores, {courier, meter, certificates, minute_of_day, configured_hub_name(configuration)}),
        alert_watch(stores, system_clock_seconds, [this] { alert_sender.wake(); }),
        reconciler(stores, audit, {*helper, spokes, tracker, alert_watch, locks, meter},
                   configuration.keep_foreign_peers ? ForeignPeers::keep : ForeignPeers::remove,
                   configuration.interface_mtu, system_clock_seconds),
        housekeeper(stores, {audit, meter, people, tokens, tracker}, system_clock_seconds,
                    configuration.retention_days * kDay),
        account_endpoint(people),
        api_token_endpoint(people.api_tokens),
        session_endpoint(people.sessions),
        totp_endpoint(people.second_factor),
        user_endpoint(people.users),
        hub_endpoint(hub, tracker, reconciler),
        token_endpoint(tokens),
        script_endpoint(tokens, scripts),
        spoke_endpoint(spokes),
        import_endpoint(import),
        cluster_endpoint(clusters),
        alert_endpoint(alerts, [] { return minute_of_day(system_clock_seconds()); }),
        audit_endpoint(stores),
        health_endpoint(stores, people.setup, hub, reconciler),
        admin_endpoint(people.setup, hub),
        figures({stores, tracker, reconciler, broadcaster}, figure_options(configuration)),
        metrics_endpoint(meter, figures),
        authenticator(people, audit),
        router(endpoint::make_routes({account_endpoint, api_token_endpoint, session_endpoint, totp_endpoint,
                                      user_endpoint, hub_endpoint, token_endpoint, script_endpoint, spoke_endpoint,
                                      import_endpoint, cluster_endpoint, alert_endpoint, audit_endpoint, event_endpoint,
                                      health_endpoint, admin_endpoint, metrics_endpoint}),
               authenticator),
        server(std::make_unique<http::Server>(server_options(configuration, handed_over_socket), router, broadcaster,
                                              meter)) {
    made_server = server.get();
    if (!allowed_endpoint.empty()) server->allow_host(allowed_endpoint);
    helper->on_link_change([this] { reconciler.wake(); });
  }

  // The helper's thread wakes the reconciler, so it ends first, and those before it that ask the helper.
  ~Parts() {
    server.reset();
    reconciler.stop();
    helper.reset();
  }

  // The endpoint is known before the server is made, and may change later.
  void allow_endpoint(const std::string& endpoint) {
    const std::string host = without_brackets(host_of(endpoint));
    if (made_server)
      made_server->allow_host(host);
    else
      allowed_endpoint = host;
  }

  std::string allowed_endpoint;
  http::Server* made_server = nullptr;         // the last member below, once it is there
  store::Database database;                    // the file, its writer and its readers
  Stores stores;                               // every table
  ScriptRenderer scripts;                      // templates of the install scripts
  http::EventBroadcaster broadcaster;          // server-sent events
  endpoint::EventEncoder encoder;              // services' events as JSON
  endpoint::Meter meter;                       // counts them on their way, and answers
  MeteredCourier courier;                      // webhooks and mail
  std::unique_ptr<Helper> helper;              // the client of wgprivd
  AuditTrail audit;                            // who did what
  PeerLocks locks;                             // one change at a time per spoke
  StatusTracker tracker;                       // live status
  People people;                               // accounts, sessions, API tokens
  HubService hub;                              // the hub's configuration
  TokenService tokens;                         // installation tokens
  ClusterMembership membership;                // which node is in which cluster
  SpokeService spokes;                         // registered machines
  SpokeImport import;                          // peers of another server become spokes
  ClusterService clusters;                     // Proxmox clusters
  CertificateWatch certificates;               // ends of certificates
  AlertService alerts;                         // what was worth telling, and who is told
  AlertSender alert_sender;                    // tells them
  AlertWatch alert_watch;                      // which spokes fell silent
  Reconciler reconciler;                       // interface = database
  Housekeeper housekeeper;                     // what is due now and then
  endpoint::AccountEndpoint account_endpoint;  // one per URL group
  endpoint::ApiTokenEndpoint api_token_endpoint;
  endpoint::SessionEndpoint session_endpoint;
  endpoint::TotpEndpoint totp_endpoint;
  endpoint::UserEndpoint user_endpoint;
  endpoint::HubEndpoint hub_endpoint;
  endpoint::TokenEndpoint token_endpoint;
  endpoint::ScriptEndpoint script_endpoint;
  endpoint::SpokeEndpoint spoke_endpoint;
  endpoint::ImportEndpoint import_endpoint;
  endpoint::ClusterEndpoint cluster_endpoint;
  endpoint::AlertEndpoint alert_endpoint;
  endpoint::AuditEndpoint audit_endpoint;
  endpoint::EventEndpoint event_endpoint;
  endpoint::HealthEndpoint health_endpoint;
  endpoint::AdminEndpoint admin_endpoint;
  endpoint::HubFigures figures;  // what metrics tell beside what was counted
  endpoint::MetricsEndpoint metrics_endpoint;
  AccountAuthenticator authenticator;    // the router's questions to accounts
  http::Router router;                   // the route table
  std::unique_ptr<http::Server> server;  // HTTPS and the admin socket
};

Application::Application(const Configuration& configuration, int handed_over_socket)
    : parts_(std::make_unique<Parts>(configuration, handed_over_socket)) {}

Application::~Application() = default;

void Application::start() {
  parts_->server->start();
  parts_->reconciler.start();
  parts_->housekeeper.start();
  parts_->alert_sender.start();
}

void Application::stop() {
  parts_->server->stop(kGrace);
  parts_->helper->stop();  // a pass may be waiting for a dump
  parts_->reconciler.stop();
  parts_->housekeeper.stop();
  parts_->alert_sender.stop();
}

void Application::reload_certificate() { parts_->server->reload_certificate(); }

bool Application::is_alive() { return parts_->server->is_alive(); }

}  // namespace wghub::app
