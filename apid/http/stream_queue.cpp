#include "apid/http/stream_queue.h"

#include <utility>

namespace wghub::http {

void StreamQueue::push(const std::string& frame, bool last) {
  bool signal = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.overflowed || waiting_.last) return;
    ++frames_;
    bytes_ += frame.size();
    waiting_.last = last;
    waiting_.overflowed = opened_ && (frames_ > kStreamFrames || bytes_ > kStreamBytes);
    if (!waiting_.overflowed) waiting_.text += frame;
    signal = opened_ && !std::exchange(signalled_, true);
  }
  if (signal) wake_();
}

void StreamQueue::open() {
  bool signal = false;
  {
    const std::lock_guard lock(mutex_);
    opened_ = true;
    frames_ = bytes_ = 0;
    signal = !waiting_.text.empty() && !std::exchange(signalled_, true);
  }
  if (signal) wake_();
}

StreamQueue::Batch StreamQueue::take() {
  const std::lock_guard lock(mutex_);
  signalled_ = false;
  frames_ = bytes_ = 0;
  const bool last = waiting_.last;
  const bool overflowed = waiting_.overflowed;
  Batch batch = std::move(waiting_);
  waiting_ = {};
  waiting_.last = last;
  waiting_.overflowed = overflowed;
  return batch;
}

}  // namespace wghub::http
