#include "apid/service/silence_watch.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace wghub {
namespace {

constexpr std::int64_t kSlack = 15;       // what a network may hold a packet up, and a snapshot come late
constexpr std::int64_t kMissed = 2;       // so many keepalives, then it is no single lost packet
constexpr std::int64_t kUnknown = 300;    // without keepalive: as its status
constexpr std::int64_t kFresh = 180;      // a handshake, as for the status
constexpr std::int64_t kLongestGap = 20;  // between two looks; after a longer one nobody knows who sent meanwhile

// It may have sent all that it had to send before it was looked at first.
bool is_connected(const PeerState& peer, std::int64_t now) {
  return peer.last_handshake != 0 && now - peer.last_handshake <= kFresh;
}

std::int64_t patience(const PeerRow& row) { return row.keepalive > 0 ? kMissed * row.keepalive + kSlack : kUnknown; }

}  // namespace

std::vector<SilenceWatch::Change> SilenceWatch::look(const std::shared_ptr<const PeerTable>& table,
                                                     const SeenPeers& seen, std::int64_t now, std::int64_t steady) {
  std::vector<Change> changes;
  if (table != table_) take_over(table, steady, changes);
  const bool blind = steady - looked_at_ > kLongestGap;
  looked_at_ = steady;
  for (std::size_t i = 0; i < known_.size(); ++i) {
    auto& known = known_[i];
    const auto& row = table_->rows()[i];
    if (row.removing) continue;
    const auto* const peer = seen.of_row[i];
    if (peer == nullptr || blind) known.heard_at = steady;
    if (peer == nullptr) continue;
    const std::uint64_t before = std::exchange(known.received_bytes, peer->received_bytes);
    const bool anew = !std::exchange(known.measured, true) || peer->received_bytes < before;  // wg0 was made anew
    if (anew) known.heard_at = steady;
    if (anew && known.state == State::unheard && is_connected(*peer, now)) known.state = State::heard;
    if (!anew && peer->received_bytes > before) {
      known.heard_at = steady;
      if (std::exchange(known.state, State::heard) == State::silent) {
        const auto told = silent_.extract(row.spoke_id);
        const std::int64_t since = told ? told.mapped() : now;
        changes.push_back({row.spoke_id, row.name, false, std::max<std::int64_t>(now - since, 0)});
      }
    } else if (known.state == State::heard && steady - known.heard_at >= patience(row)) {
      known.state = State::silent;
      const std::int64_t seconds = steady - known.heard_at;
      silent_[row.spoke_id] = now - seconds;
      changes.push_back({row.spoke_id, row.name, true, seconds});
    }
  }
  return changes;
}

// A spoke that is known keeps its state, with another key too. One that is new here was connected when the database
// says so: the daemon may have been away while it fell silent.
void SilenceWatch::take_over(const std::shared_ptr<const PeerTable>& table, std::int64_t steady,
                             std::vector<Change>& changes) {
  std::vector<Known> known(table->rows().size());
  std::vector<bool> is_kept(known_.size());
  std::vector<std::size_t> others;  // new ones, and those with another key
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto& row = table->rows()[i];
    const auto before = table_->find(row.key);
    if (before && table_->rows()[*before].spoke_id == row.spoke_id) {
      known[i] = known_[*before];
      is_kept[*before] = true;
    } else {
      others.push_back(i);
    }
  }
  std::map<std::string_view, std::size_t> left;
  for (std::size_t i = 0; i < known_.size(); ++i)
    if (!is_kept[i]) left.emplace(table_->rows()[i].spoke_id, i);
  for (const auto i : others) {
    const auto& row = table->rows()[i];
    const auto before = left.extract(row.spoke_id);
    if (before) known[i].state = known_[before.mapped()].state;
    if (!before && row.stored.status == SpokeStatus::active) known[i].state = State::heard;
    if (silent_.contains(row.spoke_id)) known[i].state = State::silent;
    known[i].heard_at = steady;
  }
  const auto forget_silent = [&](const std::string& id) {
    if (silent_.erase(id) > 0) changes.push_back({id, "", false, 0, true});
  };
  for (const auto& [id, place] : left) forget_silent(std::string(id));
  for (const auto& row : table->rows())
    if (row.removing) forget_silent(row.spoke_id);
  known_ = std::move(known);
  table_ = table;
}

void SilenceWatch::forget(const Change& change, std::int64_t now) {
  if (change.gone) return;  // stands in the database until the hub is started anew
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (table_->rows()[i].spoke_id != change.spoke_id) continue;
    known_[i].state = change.silent ? State::heard : State::silent;
    if (change.silent)
      silent_.erase(change.spoke_id);
    else
      silent_[change.spoke_id] = now - change.seconds;
  }
}

}  // namespace wghub
