// Warnings that a flood would repeat: so many at a time, then only their number. Leaves the time to its user.
#pragma once

#include "common/log.h"

namespace wghub::log {

class LimitedWarnings {
 public:
  explicit LimitedWarnings(std::int64_t limit) : limit_(limit) {}

  void say(std::string_view message, Fields fields) {
    if (++said_ <= limit_) warning(message, fields);
  }

  /// Says under this message how many were left out, and starts again.
  void start_again(std::string_view message) {
    if (said_ > limit_) warning(message, {{"count", said_ - limit_}});
    said_ = 0;
  }

 private:
  std::int64_t limit_;
  std::int64_t said_ = 0;
};

}  // namespace wghub::log
