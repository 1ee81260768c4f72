// The helper client's event loop, in a thread of its own: takes jobs from other threads, merges waiting peers into
// calls, lets callers go at their deadlines, watches the link. Leaves the protocol to RpcClient and the API to
// RpcHelper.
#pragma once

#include <kj/async-io.h>
#include <kj/async-unix.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apid/helper/rpc_client.h"
#include "apid/helper/waiter.h"
#include "common/descriptor.h"

namespace wghub {

/// The outcomes of a list of peers, in order; those never heard of are unreachable.
class PeersReply final : public Reply<std::vector<PeerOutcome>> {
 public:
  PeersReply(std::size_t count, std::chrono::milliseconds limit, std::chrono::milliseconds latest)
      : Reply(std::vector(count, PeerOutcome::unreachable), limit, latest), open_(count) {}

  /// Loop only. Sets one outcome; the last one finishes the reply, every other starts its limit anew.
  void settle(std::size_t index, PeerOutcome outcome) {
    update([&](std::vector<PeerOutcome>& outcomes) { outcomes[index] = outcome; });
    --open_;
    open_ == 0 ? finish() : extend();
  }

 private:
  std::size_t open_;
};

/// One peer of a caller's list; a removal uses the key only.
struct PeerChange {
  WantedPeer peer;
  std::shared_ptr<PeersReply> reply;
  std::size_t index = 0;
};

class RpcLoop;

/// What other threads see of the loop. Every function is safe from any thread.
class RpcInbox {
 public:
  using Job = std::function<void(RpcLoop&)>;

  RpcInbox();

  /// Whether one more caller may wait: always, unless the helper is stalled and 48 wait already, or it was closed.
  bool enter();
  void leave();
  /// Nobody may wait any more.
  void close();
  bool is_closed() const;

  void push(Job job);
  std::deque<Job> take_all();
  void answered();
  /// How long the helper needed for the dump behind a status; it answers nothing else meanwhile.
  void dump_took(Waiter::Clock::duration length);
  /// Whether callers wait and nothing was answered for 500 ms, or twice as long as the last dump took when that is
  /// longer; at most 2 s, and so long before the first dump.
  bool is_stalled() const;
  int wake_descriptor() const { return wake_.get(); }

 private:
  bool is_silent() const { return Waiter::Clock::now() - last_answer_ > patience_; }

  mutable std::mutex mutex_;
  Descriptor wake_;  ///< an eventfd that counts pushes
  std::deque<Job> jobs_;
  std::size_t waiting_ = 0;
  bool closed_ = false;
  Waiter::Clock::time_point last_answer_;
  Waiter::Clock::duration patience_;
};

/// Lives in its thread only.
class RpcLoop final : private kj::TaskSet::ErrorHandler {
 public:
  static constexpr std::size_t kWaitersOfStalledHelper = 48;
  enum class LaneName { add, remove, add_many, remove_many };

  RpcLoop(kj::AsyncIoContext& io, RpcInbox& inbox, const std::string& socket_path);

  /// Resolves after stop().
  kj::Promise<void> run();
  void stop() { stopped_->fulfill(); }

  RpcClient& client() { return client_; }
  RpcInbox& inbox() { return inbox_; }

  /// Adds changes to those that wait; each lane has one call on the way, of what waited when the one before ended.
  void change(LaneName lane, std::vector<PeerChange> changes);

  /// Lets answer, a promise that finishes waiter itself, run; a failed one finishes it with what it has.
  void follow(std::shared_ptr<Waiter> waiter, kj::Promise<void> answer);

  /// Has the deadline of waiter enforced; change() and follow() do.
  void guard(std::shared_ptr<Waiter> waiter);
  /// Lets everybody go; call when the inbox is closed.
  void release_all();

  /// Calls changed after every change of the link and every new connection, from now on.
  void watch(std::function<void()> changed);

 private:
  struct Lane {
    std::deque<PeerChange> waiting;
    bool busy = false;
  };

  template <class T>
  kj::Promise<T> limited(kj::Promise<T> call, kj::Duration limit);
  kj::Promise<void> read_jobs();
  void send(LaneName name);
  kj::Promise<std::vector<PeerOutcome>> call(LaneName name, const std::vector<PeerChange>& batch);
  void settle(LaneName name, std::vector<PeerChange> batch, const std::vector<PeerOutcome>& outcomes);
  kj::Promise<void> sweep();
  kj::Promise<void> watch_from(std::uint64_t seen);
  void taskFailed(kj::Exception&& exception) override;

  kj::Timer& timer_;
  RpcInbox& inbox_;
  kj::UnixEventPort::FdObserver wake_;
  kj::Own<kj::PromiseFulfiller<void>> stopped_;
  kj::Promise<void> stop_promise_ = nullptr;
  RpcClient client_;
  std::array<Lane, 4> lanes_;
  std::list<std::shared_ptr<Waiter>> waiters_;  ///< in order of arrival
  bool sweeping_ = false;
  std::function<void()> link_changed_;
  kj::TaskSet tasks_;
};

}  // namespace wghub
