// What is known of every spoke's tunnel right now: fed by one status snapshot at a time, read by the API (D11, D15).
// Writes to the database when a status changes, else changed rows at most once a minute.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apid/model/spoke.h"
#include "apid/service/event.h"
#include "apid/service/peer_table.h"
#include "apid/service/surroundings.h"
#include "apid/service/traffic_history.h"

namespace wghub {

struct SpokeView {
  LiveValues values;
  std::optional<PeerState> peer;  ///< nothing when the interface lacks it
};

/// The status that follows from a handshake (D11). Units: epoch seconds.
SpokeStatus next_status(SpokeStatus current, std::optional<std::int64_t> last_handshake, std::int64_t now);

class StatusTracker {
 public:
  StatusTracker(Stores& stores, EventSink& events, Clock clock);

  /// Takes over a snapshot, which was laid beside this table; publishes transitions and stores them. At most
  /// every ten seconds it publishes handshakes and counters as they go on (`spoke.live`). One thread only.
  void apply(const std::shared_ptr<const PeerTable>& table, const SeenPeers& seen);
  /// Writes what is not written yet; when apply is called no more.
  void flush();

  /// Nothing before the first snapshot that the spoke with this key was wanted in.
  std::optional<SpokeView> find(const std::string& spoke_id, const PublicKey& key) const;
  /// Puts the live values into what was read of the spoke.
  void overlay(Spoke& spoke) const;
  /// One page of peers, newest registration first, those whose key no spoke has last.
  struct PeerPage {
    bool interface_up = false;
    std::int64_t taken_at = 0;
    std::size_t total = 0;
    std::vector<PeerState> peers;
    std::size_t next = 0;  ///< place of the next page; 0: this was the last
  };
  /// last: the peer that the page before ended with; place: where this page starts if that one is gone.
  PeerPage peers(const std::optional<PublicKey>& last, std::size_t place, std::size_t limit) const;
  bool interface_up() const;

  /// Since the start, over every spoke, those removed since too. Units: bytes as the hub sees them, seconds.
  struct Totals {
    std::int64_t received_bytes = 0;
    std::int64_t sent_bytes = 0;
    std::uint64_t intervals = 0;        ///< between two handshakes of a spoke that stayed connected
    std::int64_t interval_seconds = 0;  ///< their sum
  };
  struct Figures {
    bool interface_up = false;
    std::int64_t taken_at = 0;  ///< epoch seconds; 0: never
    std::size_t peers = 0;
    Totals totals;
    std::size_t spoke_count = 0;
    std::vector<std::pair<std::string, LiveValues>> spokes;  ///< by id, newest registration first
  };
  struct Traffic {
    Totals totals;
    std::deque<TrafficPoint> points;
    std::int64_t since = 0;  ///< the start
  };
  Traffic traffic() const;
  /// most: how many spokes are named.
  Figures figures(std::size_t most) const;

 private:
  using Places = std::vector<std::size_t>;

  struct Known {
    LiveValues values;
    std::optional<std::uint32_t> peer;  ///< its place in peers_
    bool changed = false;               ///< since it was stored
    std::optional<std::int64_t> told;   ///< the handshake that was published last
  };
  void take_over(const std::shared_ptr<const PeerTable>& table);
  void take_peers(const SeenPeers& seen);
  /// Whether the peer says anything new.
  bool update(LiveValues& values, const PeerState& peer);
  void store(const Places& places);
  void publish(const Places& places);
  void publish_live(std::int64_t now);
  std::vector<LiveFigures> take_untold();
  std::optional<std::size_t> find_peer(const PublicKey& key) const;

  Stores& stores_;
  EventSink& events_;
  Clock clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const PeerTable> table_ = std::make_shared<PeerTable>(std::vector<PeerRow>());
  std::vector<Known> known_;      ///< as the table's rows
  std::vector<PeerState> peers_;  ///< as PeerPage orders them
  std::size_t wanted_peers_ = 0;  ///< of those, how many belong to rows
  bool interface_up_ = false;
  const std::int64_t started_at_;
  Totals totals_;
  TrafficHistory traffic_;
  std::int64_t taken_at_ = 0;
  std::int64_t stored_at_ = 0;
  std::int64_t told_at_ = 0;
};

}  // namespace wghub
