// How often somebody may do something: a sliding window per key, in bounded memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/address.h"

namespace wghub {

/// Thread-safe. A limit of 0 switches it off.
class Limiter {
 public:
  /// At most max_keys keys are remembered; beyond that the ones idle for longest are forgotten first.
  Limiter(std::size_t limit, std::chrono::seconds window, std::size_t max_keys = 20'000);

  /// Counts one when there is room; else says when there will be.
  std::optional<std::chrono::seconds> take(const std::string& key, std::int64_t now);
  /// Says when there will be room, without counting.
  std::optional<std::chrono::seconds> wait_of(const std::string& key, std::int64_t now);
  /// Takes the newest count back: what was to be done failed.
  void give_back(const std::string& key);

 private:
  struct Entry {
    std::deque<std::int64_t> times;
  };
  std::optional<std::chrono::seconds> wait_locked(const std::string& key, std::int64_t now);
  void make_room(std::int64_t now);

  std::size_t limit_;
  std::int64_t window_;
  std::size_t max_keys_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

/// The key of a client address: IPv4 whole, IPv6 by its /64 (D7).
std::string limiter_key(const Address& client);
std::string limiter_key(const std::string& client_address);

}  // namespace wghub
