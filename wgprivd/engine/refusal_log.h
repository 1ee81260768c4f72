// The log of refused records: at most 100 lines a second, the rest as a sum, so that a flood cannot drown the log.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/engine_record.h"

namespace wghub {

class RefusalLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::uint64_t kLinesPerSecond = 100;

  /// Logs the refusal, or counts it when the second has had its lines.
  void write(const char* operation, const char* reason, const EngineRequest& request, Clock::time_point now);

  /// Writes the sum of the past second.
  void sum_up(Clock::time_point now);

 private:
  Clock::time_point second_{};
  std::uint64_t count_ = 0;
};

}  // namespace wghub
