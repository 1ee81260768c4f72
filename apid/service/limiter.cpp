#include "apid/service/limiter.h"

#include <algorithm>
#include <vector>

namespace wghub {

Limiter::Limiter(std::size_t limit, std::chrono::seconds window, std::size_t max_keys)
    : limit_(limit), window_(window.count()), max_keys_(max_keys) {}

std::optional<std::chrono::seconds> Limiter::take(const std::string& key, std::int64_t now) {
  if (limit_ == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (const auto wait = wait_locked(key, now)) return wait;
  if (entries_.size() >= max_keys_ && !entries_.contains(key)) make_room(now);
  entries_[key].times.push_back(now);
  return std::nullopt;
}

std::optional<std::chrono::seconds> Limiter::wait_of(const std::string& key, std::int64_t now) {
  if (limit_ == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  return wait_locked(key, now);
}

void Limiter::give_back(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key);
  if (entry != entries_.end() && !entry->second.times.empty()) entry->second.times.pop_back();
}

std::optional<std::chrono::seconds> Limiter::wait_locked(const std::string& key, std::int64_t now) {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return std::nullopt;
  auto& times = entry->second.times;
  // After a clock was set back: what is in the future counts from now, or it would count until the clock is there.
  for (auto time = times.rbegin(); time != times.rend() && *time > now; ++time) *time = now;
  while (!times.empty() && times.front() <= now - window_) times.pop_front();
  if (times.size() < limit_) return std::nullopt;
  return std::chrono::seconds(std::clamp<std::int64_t>(times.front() + window_ - now, 1, window_));
}

void Limiter::make_room(std::int64_t now) {
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.times.empty() || item.second.times.back() <= now - window_;
  });
  if (entries_.size() < max_keys_) return;
  // Everybody is recent: forget the older half, found without sorting everything.
  std::vector<std::int64_t> newest;
  newest.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) newest.push_back(entry.times.back());
  const auto middle = newest.begin() + static_cast<std::ptrdiff_t>(newest.size() / 2);
  std::nth_element(newest.begin(), middle, newest.end());
  const std::int64_t median = *middle;
  std::size_t surplus = entries_.size() / 2;
  std::erase_if(entries_, [&](const auto& item) {
    if (surplus == 0 || item.second.times.back() > median) return false;
    --surplus;
    return true;
  });
}

std::string limiter_key(const Address& client) {
  return to_string(client.family == Family::ipv6 ? network_address({client, 64}) : client);
}

std::string limiter_key(const std::string& client_address) {
  const auto address = parse_address(client_address);
  return address ? limiter_key(*address) : client_address;
}

}  // namespace wghub
