#include "apid/endpoint/meter.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

namespace wghub::endpoint {
namespace {

using prometheus::Counter;
using prometheus::Histogram;
using CounterFamily = prometheus::Family<Counter>;
using HistogramFamily = prometheus::Family<Histogram>;

// Seconds. An answer from memory is below the first, a registration that waits for the helper about the last but two.
const Histogram::BucketBoundaries kLatencies = {0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

constexpr std::string_view kRegister = "/api/spoke/register";
constexpr const char* kDelivered = "delivered";
constexpr const char* kNotDelivered = "failed";
constexpr std::string_view kNoAnswer = "unreachable";
constexpr std::string_view kLogin = "/api/auth/login";
constexpr std::array kLoginRefusals = {"INVALID_CREDENTIALS", "RATE_LIMITED", "TOTP_INVALID"};
constexpr std::array kRegistrationFailures = {"HELPER_UNAVAILABLE", "TOKEN_ALREADY_USED", "TOKEN_EXPIRED",
                                              "TOKEN_NOT_FOUND"};
constexpr std::array kAlarms = {"clock-ahead",   "clock-behind", "foreign-peer",      "mass-removal",
                                "node-conflict", "second-key",   "signature-mismatch"};
// docs/install-failures.md. A report may hold any number: what is none of these is one series.
constexpr std::array kInstallCodes = {10, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 30,
                                      31, 40, 41, 42, 43, 44, 45, 50, 60, 61, 70, 130};

std::string install_code(std::int64_t code) {
  const bool known = std::find(kInstallCodes.begin(), kInstallCodes.end(), code) != kInstallCodes.end();
  return known ? std::to_string(code) : "other";
}

double to_seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Counters of one label. Those that are known from the start begin at 0, so that the first one is seen as a rise.
class ByLabel {
 public:
  ByLabel(CounterFamily& family, const char* label) : family_(family), label_(label) {}

  template <class Values>
  ByLabel& with(const Values& values) {
    for (const auto& value : values) counter(value);
    return *this;
  }
  void count(const std::string& value) { counter(value).Increment(); }

 private:
  Counter& counter(const std::string& value) { return family_.Add({{label_, value}}); }

  CounterFamily& family_;
  const char* label_;
};

// Finds a key of texts by one of views.
struct LessKey {
  using is_transparent = void;
  using View = std::tuple<std::string_view, std::string_view, unsigned>;

  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const {
    return View(left) < View(right);
  }
};

CounterFamily& make_counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Counter& make_counter(prometheus::Registry& registry, const char* name, const char* help) {
  return make_counters(registry, name, help).Add({});
}

HistogramFamily& make_histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Meter::Counters {
  Counters();

  Histogram& latency(const http::AnsweredRequest& request);

  prometheus::Registry registry;
  HistogramFamily& latencies = make_histograms(
      registry, "wireguard_api_request_duration_seconds",
      "Time from a request's head until its answer was ready, by method, row of the route table and status.");
  ByLabel errors{make_counters(registry, "wireguard_api_errors_total", "Requests that were refused, by error code."),
                 "code"};
  ByLabel registration_failures{make_counters(registry, "wireguard_spoke_registration_failures_total",
                                              "Registrations of spokes that were refused, by error code."),
                                "code"};
  ByLabel refused_logins{make_counters(registry, "wireguard_sign_ins_refused_total",
                                       "Logins that were refused, by error code; a login that still lacks its second "
                                       "factor is none."),
                         "code"};
  Counter& tokens_generated =
      make_counter(registry, "wireguard_tokens_generated_total", "Installation tokens that were made.");
  Counter& tokens_claimed =
      make_counter(registry, "wireguard_tokens_claimed_total", "Install scripts that were handed out.");
  Counter& tokens_released =
      make_counter(registry, "wireguard_tokens_released_total",
                   "Claims that were taken back: the script had changed nothing on its machine.");
  Counter& tokens_revoked =
      make_counter(registry, "wireguard_tokens_revoked_total", "Installation tokens that were revoked.");
  Counter& spokes_registered =
      make_counter(registry, "wireguard_spokes_registered_total", "Registrations whose peer came onto the interface.");
  Counter& spokes_removed = make_counter(registry, "wireguard_spokes_removed_total", "Spokes that were removed.");
  Counter& handshake_failures = make_counter(registry, "wireguard_handshake_failures_total",
                                             "How often a connected spoke made no further handshake for five minutes. "
                                             "WireGuard itself counts no failed ones.");
  ByLabel install_failures{make_counters(registry, "wireguard_install_failures_total",
                                         "Install scripts that reported a failure, by their exit code."),
                           "code"};
  ByLabel alarms{make_counters(registry, "wireguard_alarms_total", "Alarms that were raised, by kind."), "kind"};
  ByLabel alerts{
      make_counters(registry, "wireguard_alerts_total", "What was worth telling the alert targets, by kind."), "kind"};
  CounterFamily& alert_deliveries =
      make_counters(registry, "wireguard_alert_deliveries_total",
                    "Messages to alert targets, by channel and outcome: delivered, failed (and tried again).");
  prometheus::Gauge& helper_up = prometheus::BuildGauge()
                                     .Name("wireguard_helper_up")
                                     .Help("Whether the helper answered the last call.")
                                     .Register(registry)
                                     .Add({});
  CounterFamily& helper_answers = make_counters(
      registry, "wireguard_helper_answers_total",
      "What the helper answered, by call and outcome; of peers each counts. unreachable: it did not answer.");
  HistogramFamily& helper_calls = make_histograms(registry, "wireguard_helper_call_duration_seconds",
                                                  "How long calls of the helper took, by call.");

 private:
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, unsigned>, Histogram*, LessKey> latencies_;
};

Meter::Counters::Counters() {
  registration_failures.with(kRegistrationFailures);
  refused_logins.with(kLoginRefusals);
  alarms.with(kAlarms);
  for (const auto kind : kAlertKinds) alerts.with(std::array{std::string(to_text(kind))});
  for (const auto channel : {AlertChannel::webhook, AlertChannel::mail})
    for (const auto* const outcome : {kDelivered, kNotDelivered})
      alert_deliveries.Add({{"channel", std::string(to_text(channel))}, {"outcome", outcome}});
  for (const auto code : kInstallCodes) install_failures.with(std::array{std::to_string(code)});
  install_failures.with(std::array{"other"});
}

// The family's own look-up would hash three texts under a lock that a scrape holds much longer.
Histogram& Meter::Counters::latency(const http::AnsweredRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto found = latencies_.find(std::make_tuple(request.method, request.route, request.status));
  if (found != latencies_.end()) return *found->second;
  const std::string method(request.method);
  const std::string route(request.route);
  const std::string shown = route.empty() ? "none" : route;
  auto& histogram =
      latencies.Add({{"method", method}, {"route", shown}, {"status", std::to_string(request.status)}}, kLatencies);
  latencies_.emplace(std::make_tuple(method, route, request.status), &histogram);
  return histogram;
}

Meter::Meter(EventSink& next) : next_(next), counters_(std::make_unique<Counters>()) {}
Meter::~Meter() = default;

void Meter::count(const http::AnsweredRequest& request) {
  counters_->latency(request).Observe(to_seconds(request.duration));
  if (request.error_code.empty()) return;
  const std::string code(request.error_code);
  counters_->errors.count(code);
  if (request.route == kRegister) counters_->registration_failures.count(code);
  const bool refused = std::find(kLoginRefusals.begin(), kLoginRefusals.end(), code) != kLoginRefusals.end();
  if (request.route == kLogin && refused) counters_->refused_logins.count(code);
}

void Meter::publish(const Event& event) {
  auto& c = *counters_;
  const std::array<std::pair<std::string_view, Counter*>, 6> plain = {{{"token.created", &c.tokens_generated},
                                                                       {"token.claimed", &c.tokens_claimed},
                                                                       {"token.released", &c.tokens_released},
                                                                       {"token.revoked", &c.tokens_revoked},
                                                                       {"spoke.registered", &c.spokes_registered},
                                                                       {"spoke.removed", &c.spokes_removed}}};
  for (const auto& [type, counter] : plain)
    if (event.type == type) counter->Increment();
  const auto* const spoke = std::get_if<Spoke>(&event.subject);
  if (event.type == "spoke.status" && spoke != nullptr && spoke->status == SpokeStatus::inactive)
    c.handshake_failures.Increment();
  const auto* const report = std::get_if<InstallReport>(&event.subject);
  if (report != nullptr && report->code != 0) c.install_failures.count(install_code(report->code));
  if (const auto* const alarm = std::get_if<Alarm>(&event.subject)) c.alarms.count(alarm->kind);
  if (const auto* const alert = std::get_if<Alert>(&event.subject)) c.alerts.count(std::string(to_text(alert->kind)));
  next_.publish(event);
}

void Meter::end_credential(const std::string& credential_id) { next_.end_credential(credential_id); }

void Meter::helper_answered(std::string_view call, std::string_view outcome, std::size_t items) {
  counters_->helper_answers.Add({{"call", std::string(call)}, {"outcome", std::string(outcome)}})
      .Increment(static_cast<double>(items));
  if (items > 0) counters_->helper_up.Set(outcome == kNoAnswer ? 0 : 1);
}

void Meter::helper_took(std::string_view call, std::chrono::steady_clock::duration duration) {
  counters_->helper_calls.Add({{"call", std::string(call)}}, kLatencies).Observe(to_seconds(duration));
}

void Meter::alert_sent(AlertChannel channel, bool delivered) {
  counters_->alert_deliveries
      .Add({{"channel", std::string(to_text(channel))}, {"outcome", delivered ? kDelivered : kNotDelivered}})
      .Increment();
}

std::vector<prometheus::MetricFamily> Meter::collect() const { return counters_->registry.Collect(); }

}  // namespace wghub::endpoint
