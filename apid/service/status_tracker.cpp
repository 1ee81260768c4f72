#include "apid/service/status_tracker.h"

#include <algorithm>
#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kActiveSeconds = 180;
constexpr std::int64_t kInactiveSeconds = 300;
constexpr std::int64_t kStoreSeconds = 60;
constexpr std::int64_t kTellSeconds = 10;
constexpr std::size_t kToldAtOnce = 500;

// An interface that was made anew counts from zero.
std::int64_t growth(std::int64_t before, std::int64_t now) { return now >= before ? now - before : now; }

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
    : stores_(stores), events_(events), clock_(std::move(clock)), started_at_(clock_()) {}

void StatusTracker::apply(const std::shared_ptr<const PeerTable>& table, const SeenPeers& seen) {
  const std::int64_t now = clock_();
  Places changed;
  Places transitions;
  {
    const std::lock_guard lock(mutex_);
    if (table != table_) take_over(table);
    take_peers(seen);
    interface_up_ = seen.snapshot.interface_up;
    taken_at_ = now;
    const bool due = now >= stored_at_ + kStoreSeconds;
    if (due) stored_at_ = now;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (table_->rows()[i].removing) continue;
      auto& [values, peer, is_changed, told] = known_[i];
      if (peer && update(values, peers_[*peer])) is_changed = true;
      const SpokeStatus status = next_status(values.status, values.last_handshake, now);
      const bool transition = std::exchange(values.status, status) != status;
      if (transition) {
        transitions.push_back(i);
        told = values.last_handshake;
      }
      if (transition || (due && is_changed)) changed.push_back(i);
    }
    traffic_.take(now, totals_.received_bytes, totals_.sent_bytes);
  }
  store(changed);
  publish(transitions);
  publish_live(now);
}

// A spoke that was registered anew has another key, and what the database says of it: pending, no handshake.
void StatusTracker::take_over(const std::shared_ptr<const PeerTable>& table) {
  std::vector<Known> known;
  known.reserve(table->rows().size());
  for (const auto& row : table->rows()) {
    const auto before = table_->find(row.key);
    const bool is_same = before && table_->rows()[*before].spoke_id == row.spoke_id;
    known.push_back(is_same ? known_[*before] : Known{row.stored, {}, false, row.stored.last_handshake});
  }
  known_ = std::move(known);
  table_ = table;
}

void StatusTracker::take_peers(const SeenPeers& seen) {
  peers_.clear();
  peers_.reserve(seen.snapshot.peers.size());
  for (std::size_t i = 0; i < known_.size(); ++i) {
    known_[i].peer.reset();
    if (!seen.of_row[i]) continue;
    known_[i].peer = static_cast<std::uint32_t>(peers_.size());
    peers_.push_back(*seen.of_row[i]);
  }
  wanted_peers_ = peers_.size();
  for (const auto* peer : seen.others) peers_.push_back(*peer);
}

bool StatusTracker::update(LiveValues& values, const PeerState& peer) {
  const LiveValues before = values;
  // An interface made anew starts at zero; what was known stays. Otherwise the interface knows, after a clock was set
  // back too.
  if (peer.last_handshake != 0) values.last_handshake = peer.last_handshake;
  values.transfer_rx = std::int64_t(peer.received_bytes);
  values.transfer_tx = std::int64_t(peer.sent_bytes);
  totals_.received_bytes += growth(before.transfer_rx, values.transfer_rx);
  totals_.sent_bytes += growth(before.transfer_tx, values.transfer_tx);
  const std::int64_t interval = values.last_handshake.value_or(0) - before.last_handshake.value_or(0);
  if (before.last_handshake && interval > 0 && interval <= kInactiveSeconds) {
    ++totals_.intervals;
    totals_.interval_seconds += interval;
  }
  return values.last_handshake != before.last_handshake || values.transfer_rx != before.transfer_rx;
}

void StatusTracker::store(const Places& places) {
  if (places.empty()) return;
  std::vector<LiveUpdate> updates;
  {
    const std::lock_guard lock(mutex_);
    for (const auto place : places) updates.push_back({table_->rows()[place].spoke_id, known_[place].values});
  }
  const auto stored = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    stores_.spokes.save_live(t, updates);
    return Done{};
  });
  const std::lock_guard lock(mutex_);
  for (const auto place : places) known_[place].changed = !stored;
  if (stored) return;
  stored_at_ = 0;
  log::warning("live values could not be stored; they will be with the next",
               {{"spokes", std::int64_t(updates.size())}});
}

void StatusTracker::publish(const Places& places) {
  if (places.empty()) return;
  const auto& rows = table_->rows();
  const auto spokes =
      stores_.database.read<std::vector<Spoke>>([&](store::Transaction& t) -> Outcome<std::vector<Spoke>> {
        std::vector<Spoke> found;
        for (const auto place : places) {
          if (auto spoke = stores_.spokes.find(t, rows[place].spoke_id)) found.push_back(std::move(*spoke));
        }
        return found;
      });
  if (!spokes) return;
  for (const auto& spoke : *spokes) {
    log::info("spoke changed status", {{"spoke_id", spoke.id}, {"status", to_text(spoke.status)}});
    events_.publish({"spoke.status", clock_(), spoke});
  }
}

void StatusTracker::publish_live(std::int64_t now) {
  if (now >= told_at_ && now < told_at_ + kTellSeconds) return;
  told_at_ = now;
  for (auto& figures : take_untold()) events_.publish({"spoke.live", now, std::move(figures)});
}

// In parts, so that no reader's queue has to hold five thousand spokes in one frame; one part without spokes when none
// is new.
std::vector<LiveFigures> StatusTracker::take_untold() {
  const std::lock_guard lock(mutex_);
  const LiveFigures empty{totals_.received_bytes, totals_.sent_bytes, {}};
  std::vector<LiveFigures> parts{empty};
  for (std::size_t i = 0; i < known_.size(); ++i) {
    auto& known = known_[i];
    const auto& row = table_->rows()[i];
    if (row.removing || !known.values.last_handshake || known.told == known.values.last_handshake) continue;
    known.told = known.values.last_handshake;
    if (parts.back().spokes.size() == kToldAtOnce) parts.push_back(empty);
    parts.back().spokes.push_back({row.spoke_id, known.values});
  }
  return parts;
}

void StatusTracker::flush() {
  Places changed;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < known_.size(); ++i)
      if (known_[i].changed) changed.push_back(i);
  }
  store(changed);
}

std::optional<SpokeView> StatusTracker::find(const std::string& spoke_id, const PublicKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto place = table_->find(key);
  if (!place || table_->rows()[*place].spoke_id != spoke_id) return std::nullopt;
  const auto& [values, peer, changed, told] = known_[*place];
  return SpokeView{values, peer ? std::optional(peers_[*peer]) : std::nullopt};
}

void StatusTracker::overlay(Spoke& spoke) const {
  const auto view = find(spoke.id, spoke.public_key);
  if (!view) return;
  spoke.status = view->values.status;
  spoke.last_handshake = view->values.last_handshake;
  spoke.transfer_rx = view->values.transfer_rx;
  spoke.transfer_tx = view->values.transfer_tx;
}

std::optional<std::size_t> StatusTracker::find_peer(const PublicKey& key) const {
  if (const auto place = table_->find(key)) return known_[*place].peer;
  const auto first = peers_.begin() + std::ptrdiff_t(wanted_peers_);
  const auto found = std::lower_bound(first, peers_.end(), key,
                                      [](const PeerState& peer, const PublicKey& other) { return peer.key < other; });
  if (found == peers_.end() || found->key != key) return std::nullopt;
  return static_cast<std::size_t>(found - peers_.begin());
}

StatusTracker::PeerPage StatusTracker::peers(const std::optional<PublicKey>& last, std::size_t place,
                                             std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  PeerPage page{interface_up_, taken_at_, peers_.size(), {}, 0};
  const auto found = last ? find_peer(*last) : std::nullopt;
  const std::size_t start = std::min(found ? *found + 1 : place, peers_.size());
  const std::size_t end = std::min(start + limit, peers_.size());
  page.peers.assign(peers_.begin() + std::ptrdiff_t(start), peers_.begin() + std::ptrdiff_t(end));
  page.next = end < peers_.size() ? end : 0;
  return page;
}

bool StatusTracker::interface_up() const {
  const std::lock_guard lock(mutex_);
  return interface_up_;
}

StatusTracker::Traffic StatusTracker::traffic() const {
  const std::lock_guard lock(mutex_);
  return {totals_, traffic_.points(), started_at_};
}

StatusTracker::Figures StatusTracker::figures(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  Figures figures{interface_up_, taken_at_, peers_.size(), totals_, 0, {}};
  figures.spokes.reserve(std::min(most, known_.size()));
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const auto& row = table_->rows()[i];
    if (row.removing) continue;
    if (figures.spoke_count++ < most) figures.spokes.emplace_back(row.spoke_id, known_[i].values);
  }
  return figures;
}

}  // namespace wghub
