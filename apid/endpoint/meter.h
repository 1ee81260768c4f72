// Counts what happens since the start: answers of the API, what services publish, calls of the helper. What is so at
// the moment of the question is hub_figures'. No label holds anything that a client chose.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "apid/http/request_meter.h"
#include "apid/service/event.h"

namespace prometheus {
struct MetricFamily;
}

namespace wghub::endpoint {

/// Thread-safe. Stands between the services and the sink of their events.
class Meter final : public http::RequestMeter, public EventSink {
 public:
  explicit Meter(EventSink& next);
  ~Meter() override;

  void count(const http::AnsweredRequest& request) override;

  /// Counts it and hands it on.
  void publish(const Event& event) override;
  void end_credential(const std::string& credential_id) override;

  /// The helper answered so many items of a call in this way, or did not. Both words are constants of ours.
  void helper_answered(std::string_view call, std::string_view outcome, std::size_t items);
  void helper_took(std::string_view call, std::chrono::steady_clock::duration duration);

  /// A message to an alert target was taken, or was not.
  void alert_sent(AlertChannel channel, bool delivered);

  std::vector<prometheus::MetricFamily> collect() const;

 private:
  struct Counters;

  EventSink& next_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace wghub::endpoint
