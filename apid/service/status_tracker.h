// What is known of every spoke's tunnel right now: fed by one status snapshot at a time, read by the API (D11, D15).
// Writes to the database when a status changes, else changed rows at most once a minute.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "apid/helper/helper.h"
#include "apid/model/spoke.h"
#include "apid/service/event.h"
#include "apid/service/surroundings.h"

namespace wghub {

/// Live values of one spoke.
struct SpokeView {
  SpokeStatus status = SpokeStatus::pending;
  std::optional<std::int64_t> last_handshake;
  std::int64_t transfer_rx = 0;
  std::int64_t transfer_tx = 0;
  std::optional<PeerState> peer;  ///< nothing when the interface lacks it
};

/// The status that follows from a handshake (D11). Units: epoch seconds.
SpokeStatus next_status(SpokeStatus current, std::optional<std::int64_t> last_handshake, std::int64_t now);

class StatusTracker {
 public:
  StatusTracker(Stores& stores, EventSink& events, Clock clock);

  /// Reads what the database knows; once, before the rest.
  void load();
  /// Takes over a snapshot for these spokes; publishes transitions and stores them.
  void apply(const StatusSnapshot& snapshot, const std::vector<PeerRow>& rows);
  /// Writes what is not written yet.
  void flush();

  /// Nothing before the first snapshot that the spoke with this key was wanted in.
  std::optional<SpokeView> find(const std::string& spoke_id, const PublicKey& key) const;
  /// One page of peers, newest registration first, peers unknown to the database last.
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

 private:
  struct Known {
    std::optional<PublicKey> key;  ///< nothing until the first snapshot
    LiveUpdate live;
    std::optional<PeerState> peer;
    bool changed = false;
  };
  void store(const std::vector<LiveUpdate>& updates);
  void publish(const std::vector<std::string>& spoke_ids);

  Stores& stores_;
  EventSink& events_;
  Clock clock_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Known> known_;
  std::vector<PeerState> peers_;  ///< as PeerPage orders them
  bool interface_up_ = false;
  std::int64_t taken_at_ = 0;
  std::int64_t stored_at_ = 0;
};

}  // namespace wghub
