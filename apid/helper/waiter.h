// How a blocked thread and the helper's loop meet: the loop fills in an answer, the thread takes it at its deadline at
// the latest. Knows nothing of what is asked.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace wghub {

/// One blocked caller. The loop enforces the deadline; the thread itself waits a little longer, should the loop hang.
class Waiter {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr auto kGuard = std::chrono::milliseconds(150);

  /// limit is the time without progress after which the caller gets what there is; latest that in any case.
  Waiter(std::chrono::milliseconds limit, std::chrono::milliseconds latest)
      : limit_(limit), latest_(Clock::now() + latest), deadline_(Clock::now() + limit) {}
  virtual ~Waiter() = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Lets the caller go with the answer as it is.
  void finish() {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_one();
  }

  bool is_finished() const {
    const std::lock_guard lock(mutex_);
    return finished_;
  }

  bool is_late(Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    return now >= deadline_;
  }

  /// Starts the limit anew: something of the answer has arrived.
  void extend() {
    const std::lock_guard lock(mutex_);
    deadline_ = std::min(Clock::now() + limit_, latest_);
  }

 protected:
  void wait(std::unique_lock<std::mutex>& lock) {
    while (!finished_ && Clock::now() < deadline_ + kGuard) changed_.wait_until(lock, deadline_ + kGuard);
    finished_ = true;
  }

  mutable std::mutex mutex_;
  bool finished_ = false;

 private:
  std::condition_variable changed_;
  std::chrono::milliseconds limit_;
  Clock::time_point latest_;
  Clock::time_point deadline_;
};

/// A waiter with its answer, which starts as what a caller gets when nothing came.
template <class T>
class Reply : public Waiter {
 public:
  Reply(T none, std::chrono::milliseconds limit, std::chrono::milliseconds latest)
      : Waiter(limit, latest), value_(std::move(none)) {}

  /// Changes the answer, unless the caller has gone with it.
  template <class Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    if (!finished_) change(value_);
  }

  /// Blocks until finished or too late; once.
  T take() {
    std::unique_lock lock(mutex_);
    wait(lock);
    return std::move(value_);
  }

 private:
  T value_;
};

}  // namespace wghub
