// When the use of a credential was written last: once a minute is often enough.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace wghub {

/// Thread-safe; in bounded memory.
class LastUse {
 public:
  /// Whether it is time to write this one's use; if so it counts as written. Units: epoch seconds.
  bool is_due(const std::string& credential_id, std::int64_t now) {
    const std::lock_guard lock(mutex_);
    if (written_.size() >= kAtMost) written_.clear();
    auto& last = written_[credential_id];
    if (now < last + kSeconds && last != 0) return false;
    last = now;
    return true;
  }

 private:
  static constexpr std::int64_t kSeconds = 60;
  static constexpr std::size_t kAtMost = 10'000;

  std::mutex mutex_;
  std::map<std::string, std::int64_t> written_;
};

}  // namespace wghub
