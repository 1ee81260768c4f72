// A RequestMeter that keeps what it is told, as lines "METHOD route status code".
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "apid/http/request_meter.h"

namespace wghub::http {

class KeepingMeter final : public RequestMeter {
 public:
  void count(const AnsweredRequest& request) override {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::string(request.method) + " " + std::string(request.route) + " " +
                     std::to_string(request.status) + " " + std::string(request.error_code));
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace wghub::http
