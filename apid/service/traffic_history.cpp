#include "apid/service/traffic_history.h"

namespace wghub {

void TrafficHistory::take(std::int64_t now, std::int64_t received_bytes, std::int64_t sent_bytes) {
  if (mark_ && now < mark_->at) {  // the clock was set back
    while (!points_.empty() && points_.back().at > now) points_.pop_back();
    mark_.reset();
  }
  const Mark mark{now, received_bytes, sent_bytes};
  if (!mark_) mark_ = mark;
  const std::int64_t seconds = now - mark_->at;
  if (seconds < kStepSeconds) return;
  points_.push_back({now, seconds, received_bytes - mark_->received_bytes, sent_bytes - mark_->sent_bytes});
  if (points_.size() > kPoints) points_.pop_front();
  mark_ = mark;
}

}  // namespace wghub
