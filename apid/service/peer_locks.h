// One change at a time per spoke: held while its peer is being added or removed, so that a registration and a removal
// of the same spoke cannot overtake each other on the interface.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <unordered_set>

namespace wghub {

class PeerLocks {
 public:
  class Guard {
   public:
    Guard(PeerLocks& locks, std::string spoke_id) : locks_(locks), spoke_id_(std::move(spoke_id)) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { locks_.unlock(spoke_id_); }

   private:
    PeerLocks& locks_;
    std::string spoke_id_;
  };

  /// Waits for whoever has it; holders call the helper at most twice, each at most 2.5 s.
  [[nodiscard]] Guard lock(const std::string& spoke_id) {
    std::unique_lock waiting(mutex_);
    freed_.wait(waiting, [&] { return !held_.contains(spoke_id); });
    held_.insert(spoke_id);
    return {*this, spoke_id};
  }

  bool is_locked(const std::string& spoke_id) {
    const std::lock_guard lock(mutex_);
    return held_.contains(spoke_id);
  }

 private:
  void unlock(const std::string& spoke_id) {
    {
      const std::lock_guard lock(mutex_);
      held_.erase(spoke_id);
    }
    freed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable freed_;
  std::unordered_set<std::string> held_;
};

}  // namespace wghub
