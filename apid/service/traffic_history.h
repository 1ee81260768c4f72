// What all spokes together received and sent over the last day. In memory: a hub that was started anew begins anew.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace wghub {

/// Units: epoch seconds, bytes as the hub sees them.
struct TrafficPoint {
  std::int64_t at = 0;       ///< its end
  std::int64_t seconds = 0;  ///< its length
  std::int64_t received_bytes = 0;
  std::int64_t sent_bytes = 0;
};

class TrafficHistory {
 public:
  static constexpr std::int64_t kStepSeconds = 120;
  static constexpr std::size_t kPoints = 720;

  /// Counters that only grow, in any rhythm. What they said at the first call is where the history begins.
  void take(std::int64_t now, std::int64_t received_bytes, std::int64_t sent_bytes);

  /// Oldest first, at most kPoints. One is longer than kStepSeconds where nobody counted for a while.
  const std::deque<TrafficPoint>& points() const { return points_; }

 private:
  struct Mark {
    std::int64_t at;
    std::int64_t received_bytes;
    std::int64_t sent_bytes;
  };

  std::optional<Mark> mark_;  ///< where the last point ended
  std::deque<TrafficPoint> points_;
};

}  // namespace wghub
