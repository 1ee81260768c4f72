// Frames on their way to one reader of server-sent events: filled from any thread, emptied by the session.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace wghub::http {

inline constexpr std::size_t kStreamFrames = 256;
inline constexpr std::size_t kStreamBytes = 1U << 20U;

class StreamQueue {
 public:
  struct Batch {
    std::string text;
    bool last = false;        ///< close after this
    bool overflowed = false;  ///< the reader is too slow: close at once
  };

  /// wake is called without the lock each time when there is something to take after there was nothing.
  explicit StreamQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(const std::string& frame, bool last);

  /// From now on the limits hold: what was pushed before is the replay, which its ring bounds.
  void open();

  /// Everything there is, perhaps nothing.
  Batch take();

 private:
  std::function<void()> wake_;
  std::mutex mutex_;
  Batch waiting_;
  bool opened_ = false;
  bool signalled_ = false;
  std::size_t frames_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace wghub::http
