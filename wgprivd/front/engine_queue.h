// The order in which calls reach the engine: one record at a time, adds before removals, other operations before both.
// Leaves Cap'n Proto to Service and the meaning of records to the engine.
#pragma once

#include <kj/async-io.h>

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wgprivd/front/engine_socket.h"

namespace wghub {

/// An add behind any number of queued removals waits for the record in flight and its turn among the adds.
/// Errors: kj exceptions of type OVERLOADED when the engine cannot be reached or does not answer.
class EngineQueue final : private kj::TaskSet::ErrorHandler {
 public:
  enum class Rank { other, add, remove };

  /// connects to the engine's socket at path when first needed, and again after each loss.
  EngineQueue(kj::AsyncIoContext& io, std::string path);

  /// One record and its answer, within 9 s.
  kj::Promise<std::shared_ptr<EngineStatusPage>> call(const EngineRequest& request);

  /// Many records of one rank, the calls of a rank taking turns. outcomes is as long as records: those already decided
  /// are not sent, the rest start as deferred. After 1.5 s the answer comes with what is left still deferred.
  kj::Promise<std::vector<EngineOutcome>> batch(Rank rank, std::vector<EngineRequest> records,
                                                std::vector<EngineOutcome> outcomes);

  /// The engine's last known link generation, and a promise of its next change; a lost engine rejects the promise.
  std::uint64_t link_generation() const { return link_generation_; }
  kj::Promise<void> link_change() { return link_change_.addBranch(); }

  /// Lets the engine's connection go when nothing is on the way, so that an idle engine can exit.
  void rest();

 private:
  struct Job {
    Rank rank = Rank::other;
    std::vector<EngineRequest> records;
    std::vector<EngineOutcome> outcomes;
    std::size_t next = 0;
    std::shared_ptr<EngineStatusPage> answer;
    kj::Own<kj::PromiseFulfiller<void>> done;  ///< no longer waiting when the caller has left or its time is over

    bool skip_decided();
  };
  struct Flight {
    std::shared_ptr<Job> job;
    kj::TimePoint since;
    bool retried = false;
  };

  kj::Promise<void> submit(const std::shared_ptr<Job>& job);
  std::shared_ptr<Job> take(Rank rank);
  std::shared_ptr<Job> take_next();
  void pump();
  bool transmit();
  kj::Promise<void> receive_all(std::shared_ptr<EngineSocket> socket);
  bool accept(const EngineStatusPage& page);
  void settle(const EngineStatusPage& page);
  void lose();
  void saw_generation(std::uint64_t generation);
  void renew_link_change();
  void taskFailed(kj::Exception&& exception) override;

  kj::UnixEventPort& port_;
  kj::Timer& timer_;
  std::string path_;
  std::shared_ptr<EngineSocket> socket_;
  bool reachable_ = true;                                    ///< so that only changes are logged
  std::array<std::deque<std::shared_ptr<Job>>, 3> waiting_;  ///< by Rank
  std::optional<Flight> flight_;
  unsigned adds_in_a_row_ = 0;
  std::uint64_t next_id_ = 1;
  std::uint64_t link_generation_ = 0;
  kj::Own<kj::PromiseFulfiller<void>> link_changed_;
  kj::ForkedPromise<void> link_change_ = nullptr;
  kj::TaskSet tasks_;
};

}  // namespace wghub
