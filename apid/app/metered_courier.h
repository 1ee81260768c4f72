// The courier with what it delivers counted.
#pragma once

#include <memory>
#include <utility>

#include "apid/courier/courier.h"
#include "apid/endpoint/meter.h"

namespace wghub::app {

class MeteredCourier final : public Courier {
 public:
  MeteredCourier(std::unique_ptr<Courier> courier, endpoint::Meter& meter)
      : courier_(std::move(courier)), meter_(meter) {}

  std::optional<std::string> deliver(const AlertTarget& target, const Message& message) override {
    auto fault = courier_->deliver(target, message);
    meter_.alert_sent(target.channel, !fault);
    return fault;
  }
  std::optional<std::int64_t> certificate_end(const std::string& url) override {
    return courier_->certificate_end(url);
  }
  void stop() override { courier_->stop(); }

 private:
  std::unique_ptr<Courier> courier_;
  endpoint::Meter& meter_;
};

}  // namespace wghub::app
