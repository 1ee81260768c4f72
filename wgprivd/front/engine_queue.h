// The order in which calls reach the engine, record by record: adds before removals, other operations before both; a
// few adds are under way at once, so that the two processes need not wait for each other between them. Leaves Cap'n
// Proto to Service and the meaning of records to the engine.
#pragma once

#include <kj/async-io.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/engine_record.h"

namespace wghub {

enum class EngineRank { other, add, remove };

/// The records of one call, in order, and what became of each.
struct EngineCall {
  EngineRank rank = EngineRank::other;
  std::vector<EngineRequest> records;   ///< at least one
  std::vector<EngineOutcome> outcomes;  ///< as many; deferred until the engine has answered
  EngineReply reply;                    ///< to the last record
  std::vector<EnginePeer> peers;        ///< of its page
  std::size_t sent = 0;                 ///< of the records
  std::size_t answered = 0;
  kj::Own<kj::PromiseFulfiller<void>> done;  ///< waiting as long as the caller is
};

/// An add behind any number of queued removals waits for the record on the way and its turn among the adds.
/// Connects when first needed and after each loss; what was on the way is then sent again, and the record that was the
/// engine's turn once more at most.
class EngineQueue final : private kj::TaskSet::ErrorHandler {
 public:
  /// path is that of the engine's socket.
  EngineQueue(kj::AsyncIoContext& io, const std::string& path);

  /// Resolves when all records are answered, or after limit with the rest still deferred.
  /// Errors: a kj exception of type OVERLOADED when the engine cannot be reached.
  kj::Promise<void> run(const std::shared_ptr<EngineCall>& call, kj::Duration limit);

  /// The engine's last known link generation, 0 when it is lost, and a promise of the next change of that.
  std::uint64_t link_generation() const { return link_generation_; }
  kj::Promise<void> link_change();

  /// Lets the connection go when nothing is on the way, so that an idle engine can exit.
  void rest() {
    if (under_way_.empty()) disconnect();
  }

 private:
  struct Socket;

  /// A record that the engine has.
  struct Flight {
    std::shared_ptr<EngineCall> call;
    EngineRequest* record;
    bool was_lost = false;  ///< in its turn
  };

  std::shared_ptr<EngineCall> take();
  void pump();
  bool transmit(Flight& flight);
  void lose();
  void disconnect();
  kj::Promise<void> receive(std::shared_ptr<Socket> socket);
  bool accept(std::size_t size);
  void saw_generation(std::uint64_t generation);
  void taskFailed(kj::Exception&&) override { lose(); }

  kj::UnixEventPort& port_;
  kj::Timer& timer_;
  std::string path_;
  std::shared_ptr<Socket> socket_;
  bool reachable_ = true;
  EngineStatusPage page_;
  std::array<std::deque<std::shared_ptr<EngineCall>>, 3> waiting_;  ///< by rank
  std::deque<Flight> under_way_;                                    ///< in the order of their answers
  kj::TimePoint turn_began_;                                        ///< that of the first of these
  unsigned adds_in_a_row_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t link_generation_ = 0;
  std::vector<kj::Own<kj::PromiseFulfiller<void>>> watchers_;
  kj::TaskSet tasks_;
};

}  // namespace wghub
