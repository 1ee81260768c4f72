// Hears whether spokes still send: one with keepalive does every 25 s, so its silence shows long before the handshake
// that its status goes by is old (D11). Only looks; recording and telling it is AlertWatch's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apid/service/peer_table.h"

namespace wghub {

class SilenceWatch {
 public:
  /// silent: ids of the spokes that were told to be silent, and since when. Units: epoch seconds.
  explicit SilenceWatch(std::map<std::string, std::int64_t> silent) : silent_(std::move(silent)) {}

  struct Change {
    std::string spoke_id;
    std::string name;
    bool silent = false;       ///< else it is heard again
    std::int64_t seconds = 0;  ///< of silence
    bool gone = false;         ///< it was silent and is no spoke any more; nothing to tell
  };
  /// What changed since the last look. now: epoch seconds; steady: seconds of a clock that nobody can set.
  std::vector<Change> look(const std::shared_ptr<const PeerTable>& table, const SeenPeers& seen, std::int64_t now,
                           std::int64_t steady);
  /// The change could not be recorded: the next look has it again.
  void forget(const Change& change, std::int64_t now);

 private:
  enum class State { unheard, heard, silent };
  struct Known {
    State state = State::unheard;
    bool measured = false;
    std::uint64_t received_bytes = 0;  ///< when it was measured last
    std::int64_t heard_at = 0;         ///< steady
  };
  void take_over(const std::shared_ptr<const PeerTable>& table, std::int64_t steady, std::vector<Change>& changes);

  std::map<std::string, std::int64_t> silent_;
  std::shared_ptr<const PeerTable> table_ = std::make_shared<PeerTable>(std::vector<PeerRow>());
  std::vector<Known> known_;  ///< as the table's rows
  std::int64_t looked_at_ = 0;
};

}  // namespace wghub
