// One change at a time per spoke: held while its peer is being added or removed, so that a registration and a removal
// of the same spoke cannot overtake each other on the interface.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace wghub {

class PeerLocks {
 public:
  class Guard {
   public:
    Guard(PeerLocks& locks, std::string spoke_id) : locks_(&locks), spoke_id_(std::move(spoke_id)) {}
    Guard(Guard&& other) noexcept
        : locks_(std::exchange(other.locks_, nullptr)), spoke_id_(std::move(other.spoke_id_)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (locks_) locks_->unlock(spoke_id_);
    }

   private:
    PeerLocks* locks_;
    std::string spoke_id_;
  };

  /// Waits for whoever has it, at most half a second: more means that the helper hangs, and then threads must not
  /// pile up behind it.
  [[nodiscard]] std::optional<Guard> lock(const std::string& spoke_id) {
    std::unique_lock waiting(mutex_);
    if (!freed_.wait_for(waiting, kPatience, [&] { return !held_.contains(spoke_id); })) return std::nullopt;
    held_.insert(spoke_id);
    return std::make_optional<Guard>(*this, spoke_id);
  }

  [[nodiscard]] std::optional<Guard> try_lock(const std::string& spoke_id) {
    const std::lock_guard lock(mutex_);
    if (!held_.insert(spoke_id).second) return std::nullopt;
    return std::make_optional<Guard>(*this, spoke_id);
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{500};

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
