#include "apid/service/status_tracker.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kActiveSeconds = 180;
constexpr std::int64_t kInactiveSeconds = 300;
constexpr std::int64_t kStoreSeconds = 60;

// Keys are uniformly distributed: any eight bytes of one are a hash of it.
struct KeyHash {
  std::size_t operator()(const PublicKey& key) const {
    std::size_t hash = 0;
    std::memcpy(&hash, key.bytes.data(), sizeof hash);
    return hash;
  }
};

using RegistrationTimes = std::unordered_map<PublicKey, std::int64_t, KeyHash>;

std::vector<PeerState> newest_first(const std::vector<PeerState>& peers, const RegistrationTimes& registered) {
  std::vector<std::pair<std::int64_t, const PeerState*>> order;
  order.reserve(peers.size());
  for (const auto& peer : peers) {
    const auto at = registered.find(peer.key);
    order.emplace_back(at == registered.end() ? 0 : -at->second, &peer);
  }
  std::sort(order.begin(), order.end(), [](const auto& left, const auto& right) {
    return std::tie(left.first, left.second->key) < std::tie(right.first, right.second->key);
  });
  std::vector<PeerState> sorted;
  sorted.reserve(peers.size());
  for (const auto& [at, peer] : order) sorted.push_back(*peer);
  return sorted;
}

}  // namespace

SpokeStatus next_status(SpokeStatus current, std::optional<std::int64_t> last_handshake, std::int64_t now) {
  if (!last_handshake) return SpokeStatus::pending;
  const std::int64_t age = now - *last_handshake;
  // Before the clock was set back. A spoke that is there makes a new one within minutes.
  if (age < -kInactiveSeconds) return SpokeStatus::inactive;
  if (age <= kActiveSeconds) return SpokeStatus::active;
  if (age > kInactiveSeconds) return SpokeStatus::inactive;
  return current == SpokeStatus::pending ? SpokeStatus::inactive : current;
}

StatusTracker::StatusTracker(Stores& stores, EventSink& events, Clock clock)
    : stores_(stores), events_(events), clock_(std::move(clock)) {}

void StatusTracker::load() {
  const auto values = stores_.database.read<std::vector<LiveUpdate>>(
      [&](store::Transaction& t) -> Outcome<std::vector<LiveUpdate>> { return stores_.spokes.live_values(t); });
  if (!values) return;
  const std::lock_guard lock(mutex_);
  for (const auto& live : *values) known_[live.spoke_id].live = live;
}

void StatusTracker::apply(const StatusSnapshot& snapshot, const std::vector<PeerRow>& rows) {
  std::unordered_map<PublicKey, const PeerState*, KeyHash> by_key;
  by_key.reserve(snapshot.peers.size());
  for (const auto& peer : snapshot.peers) by_key.emplace(peer.key, &peer);

  const std::int64_t now = clock_();
  std::vector<LiveUpdate> updates;
  std::vector<std::string> changed_status;
  {
    const std::lock_guard lock(mutex_);
    std::unordered_map<std::string, Known> known;
    known.reserve(rows.size());
    RegistrationTimes registered;
    registered.reserve(rows.size());
    const bool due = now >= stored_at_ + kStoreSeconds;
    for (const auto& row : rows) {
      if (row.removing) continue;
      const auto before = known_.find(row.spoke_id);
      Known spoke = before == known_.end() ? Known{} : std::move(before->second);
      if (spoke.key && *spoke.key != row.key) spoke = Known{};  // registered anew: pending, no handshake
      spoke.key = row.key;
      spoke.live.spoke_id = row.spoke_id;
      registered.emplace(row.key, row.registered_at);
      const auto found = by_key.find(row.key);
      spoke.peer.reset();
      if (found != by_key.end()) {
        const PeerState& peer = *found->second;
        spoke.peer = peer;
        // An interface made anew starts at zero; what was known stays. Otherwise the interface knows, after a clock was
        // set back too.
        if (peer.last_handshake != 0 && peer.last_handshake != spoke.live.last_handshake) {
          spoke.live.last_handshake = peer.last_handshake;
          spoke.changed = true;
        }
        spoke.changed = spoke.changed || spoke.live.transfer_rx != std::int64_t(peer.received_bytes);
        spoke.live.transfer_rx = std::int64_t(peer.received_bytes);
        spoke.live.transfer_tx = std::int64_t(peer.sent_bytes);
      }
      const SpokeStatus status = next_status(spoke.live.status, spoke.live.last_handshake, now);
      const bool transition = status != spoke.live.status;
      spoke.live.status = status;
      if (transition) changed_status.push_back(row.spoke_id);
      if (transition || (due && spoke.changed)) {
        updates.push_back(spoke.live);
        spoke.changed = false;
      }
      known.emplace(row.spoke_id, std::move(spoke));
    }
    known_ = std::move(known);
    peers_ = newest_first(snapshot.peers, registered);
    interface_up_ = snapshot.interface_up;
    taken_at_ = now;
    if (due) stored_at_ = now;
  }
  if (!updates.empty()) store(updates);
  if (!changed_status.empty()) publish(changed_status);
}

void StatusTracker::store(const std::vector<LiveUpdate>& updates) {
  const auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.spokes.save_live(t, updates);
    return Done{};
  });
  if (stored) return;
  log::warning("live values could not be stored; they will be with the next",
               {{"spokes", std::int64_t(updates.size())}});
  const std::lock_guard lock(mutex_);
  stored_at_ = 0;
  for (const auto& update : updates) {
    const auto spoke = known_.find(update.spoke_id);
    if (spoke != known_.end()) spoke->second.changed = true;
  }
}

void StatusTracker::publish(const std::vector<std::string>& spoke_ids) {
  const auto spokes =
      stores_.database.read<std::vector<Spoke>>([&](store::Transaction& t) -> Outcome<std::vector<Spoke>> {
        std::vector<Spoke> found;
        for (const auto& id : spoke_ids) {
          if (auto spoke = stores_.spokes.find(t, id)) found.push_back(std::move(*spoke));
        }
        return found;
      });
  if (!spokes) return;
  for (const auto& spoke : *spokes) {
    log::info("spoke changed status", {{"spoke_id", spoke.id}, {"status", to_text(spoke.status)}});
    events_.publish({"spoke.status", clock_(), spoke});
  }
}

void StatusTracker::flush() {
  std::vector<LiveUpdate> updates;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, spoke] : known_) {
      if (!std::exchange(spoke.changed, false)) continue;
      updates.push_back(spoke.live);
    }
  }
  if (!updates.empty()) store(updates);
}

std::optional<SpokeView> StatusTracker::find(const std::string& spoke_id, const PublicKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto spoke = known_.find(spoke_id);
  if (spoke == known_.end() || spoke->second.key != key) return std::nullopt;
  const auto& live = spoke->second.live;
  return SpokeView{live.status, live.last_handshake, live.transfer_rx, live.transfer_tx, spoke->second.peer};
}

StatusTracker::PeerPage StatusTracker::peers(const std::optional<PublicKey>& last, std::size_t place,
                                             std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  PeerPage page{interface_up_, taken_at_, peers_.size(), {}, 0};
  const auto found =
      std::find_if(peers_.begin(), peers_.end(), [&](const PeerState& peer) { return peer.key == last; });
  const std::size_t behind = static_cast<std::size_t>(found - peers_.begin()) + 1;
  const std::size_t start = std::min(last && found != peers_.end() ? behind : place, peers_.size());
  const std::size_t end = std::min(start + limit, peers_.size());
  page.peers.assign(peers_.begin() + std::ptrdiff_t(start), peers_.begin() + std::ptrdiff_t(end));
  page.next = end < peers_.size() ? end : 0;
  return page;
}

bool StatusTracker::interface_up() const {
  const std::lock_guard lock(mutex_);
  return interface_up_;
}

}  // namespace wghub
