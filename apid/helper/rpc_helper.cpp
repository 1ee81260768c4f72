// The helper's client behind helper.h: turns blocking calls into jobs of the loop.
// Leaves waiting, merging and reconnecting to RpcLoop.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iterator>
#include <thread>
#include <utility>

#include "apid/helper/helper.h"
#include "apid/helper/rpc_loop.h"
#include "common/log.h"

namespace wghub {
namespace {

using std::chrono::milliseconds;

// Below the 2.5 s that a caller may see, by the loop's step and the thread's wake-up.
constexpr milliseconds kLimit(2300);
constexpr milliseconds kStatusLimit(9500);
constexpr milliseconds kNoLatest = std::chrono::hours(1);
constexpr std::uint32_t kManyPeers = 10'000;
constexpr std::size_t kMostPeers = 131'072;  // twice the largest network: a front taken over must not fill us
constexpr int kStatusTries = 3;

using StatusReply = Reply<Outcome<StatusSnapshot>>;

/// The pages of one status as they come.
struct StatusRun {
  std::shared_ptr<StatusReply> reply;
  StatusSnapshot snapshot;
  std::uint64_t id = 0;
  int tries = 0;
  Waiter::Clock::time_point asked;
};

kj::Promise<void> read_pages(RpcLoop& loop, const std::shared_ptr<StatusRun>& run, std::uint32_t cursor);

kj::Promise<void> take_page(RpcLoop& loop, const std::shared_ptr<StatusRun>& run, StatusPage page,
                            std::uint32_t cursor) {
  if (run->reply->is_finished()) return kj::READY_NOW;
  run->reply->extend();
  auto& snapshot = run->snapshot;
  if (page.outcome == PeerOutcome::stale_snapshot && ++run->tries < kStatusTries) {
    snapshot.peers.clear();
    return read_pages(loop, run, 0);
  }
  if (page.outcome == PeerOutcome::interface_missing) {
    run->reply->update([](Outcome<StatusSnapshot>& answer) { answer = StatusSnapshot{}; });
    return kj::READY_NOW;
  }
  const bool stuck = !page.last && (page.next_cursor <= cursor || snapshot.peers.size() > kMostPeers);
  if (page.outcome != PeerOutcome::done || stuck) {
    log::warning("status not taken", {{"outcome", to_text(page.outcome)}});
    return kj::READY_NOW;
  }
  if (cursor == 0) {
    loop.inbox().dump_took(Waiter::Clock::now() - run->asked);
    snapshot.peers.reserve(std::min<std::size_t>(page.total, kMostPeers));
  }
  run->id = page.snapshot;
  std::move(page.peers.begin(), page.peers.end(), std::back_inserter(snapshot.peers));
  if (!page.last) return read_pages(loop, run, page.next_cursor);
  snapshot.interface_up = page.interface_up;
  snapshot.generation = page.link_generation;
  snapshot.complete = page.complete && snapshot.peers.size() == page.total;
  run->reply->update([&](Outcome<StatusSnapshot>& answer) { answer = std::move(snapshot); });
  return kj::READY_NOW;
}

kj::Promise<void> read_pages(RpcLoop& loop, const std::shared_ptr<StatusRun>& run, std::uint32_t cursor) {
  run->asked = Waiter::Clock::now();
  return loop.client().status(run->id, cursor).then([&loop, run, cursor](StatusPage page) {
    return take_page(loop, run, std::move(page), cursor);
  });
}

class RpcHelper final : public Helper {
 public:
  explicit RpcHelper(std::string socket_path);
  ~RpcHelper() override;

  Outcome<HelperInfo> hello() override;
  Outcome<PublicKey> hub_key() override;
  ConfigureAnswer configure(const InterfacePolicy& policy) override;
  PeerOutcome add_peer(const WantedPeer& peer) override;
  PeerOutcome remove_peer(const PublicKey& key) override;
  std::vector<PeerOutcome> add_peers(std::span<const WantedPeer> peers) override;
  std::vector<PeerOutcome> remove_peers(std::span<const PublicKey> keys) override;
  Outcome<StatusSnapshot> status() override;
  void on_link_change(std::function<void()> changed) override;
  void stop() override;

 private:
  template <class Value, class Start>
  Value ask(const std::shared_ptr<Reply<Value>>& reply, Start start);
  std::vector<PeerOutcome> change(RpcLoop::LaneName lane, std::span<const WantedPeer> peers);
  std::vector<PeerOutcome> change_many(RpcLoop::LaneName lane, std::span<const WantedPeer> peers);

  RpcInbox inbox_;
  std::atomic<std::size_t> last_total_ = kManyPeers;  ///< not known yet, so perhaps that many
  std::thread thread_;
};

// Signals are for the threads that wait for them.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

RpcHelper::RpcHelper(std::string socket_path) {
  thread_ = std::thread([this, path = std::move(socket_path)] {
    block_signals();
    auto io = kj::setupAsyncIo();
    RpcLoop loop(io, inbox_, path);
    loop.run().wait(io.waitScope);
  });
}

RpcHelper::~RpcHelper() {
  inbox_.push([](RpcLoop& loop) { loop.stop(); });
  thread_.join();
}

// Runs start(loop, reply) in the loop and blocks until the reply is finished or late; at once when too many wait.
template <class Value, class Start>
Value RpcHelper::ask(const std::shared_ptr<Reply<Value>>& reply, Start start) {
  if (!inbox_.enter()) reply->finish();
  if (reply->is_finished()) return reply->take();
  inbox_.push([reply, start = std::move(start)](RpcLoop& loop) { start(loop, reply); });
  auto value = reply->take();
  inbox_.leave();
  return value;
}

Outcome<HelperInfo> RpcHelper::hello() {
  auto reply = std::make_shared<Reply<Outcome<HelperInfo>>>(ErrorCode::helper_unavailable, kLimit, kLimit);
  return ask(reply, [](RpcLoop& loop, const auto& waiting) {
    loop.follow(waiting, loop.client().hello().then([waiting](HelloAnswer answer) {
      if (answer.outcome == PeerOutcome::done) waiting->update([&](auto& value) { value = answer.info; });
    }));
  });
}

Outcome<PublicKey> RpcHelper::hub_key() {
  auto reply = std::make_shared<Reply<Outcome<PublicKey>>>(ErrorCode::helper_unavailable, kLimit, kLimit);
  return ask(reply, [](RpcLoop& loop, const auto& waiting) {
    loop.follow(waiting, loop.client().generate_key().then([waiting](KeyAnswer answer) {
      const bool has_key = answer.outcome == PeerOutcome::done || answer.outcome == PeerOutcome::key_exists;
      if (has_key && answer.key) waiting->update([&](auto& value) { value = *answer.key; });
    }));
  });
}

ConfigureAnswer RpcHelper::configure(const InterfacePolicy& policy) {
  auto reply = std::make_shared<Reply<ConfigureAnswer>>(ConfigureAnswer{}, kLimit, kLimit);
  return ask(reply, [policy](RpcLoop& loop, const auto& waiting) {
    loop.follow(waiting, loop.client().configure(policy).then([waiting](ConfigureAnswer answer) {
      waiting->update([&](auto& value) { value = answer; });
    }));
  });
}

PeerOutcome RpcHelper::add_peer(const WantedPeer& peer) { return change(RpcLoop::LaneName::add, {&peer, 1}).front(); }

PeerOutcome RpcHelper::remove_peer(const PublicKey& key) {
  const WantedPeer peer{key, {}, {}, {}};
  return change(RpcLoop::LaneName::remove, {&peer, 1}).front();
}

std::vector<PeerOutcome> RpcHelper::add_peers(std::span<const WantedPeer> peers) {
  return change_many(RpcLoop::LaneName::add_many, peers);
}

std::vector<PeerOutcome> RpcHelper::remove_peers(std::span<const PublicKey> keys) {
  std::vector<WantedPeer> peers;
  peers.reserve(keys.size());
  for (const auto& key : keys) peers.push_back({key, {}, {}, {}});
  return change_many(RpcLoop::LaneName::remove_many, peers);
}

// One list, whose limit starts anew with every outcome that arrives.
std::vector<PeerOutcome> RpcHelper::change(RpcLoop::LaneName lane, std::span<const WantedPeer> peers) {
  auto reply = std::make_shared<PeersReply>(peers.size(), kLimit, kNoLatest);
  std::vector<PeerChange> changes;
  for (const auto& peer : peers) changes.push_back({peer, reply, changes.size()});
  return ask<std::vector<PeerOutcome>>(
      reply, [lane, changes = std::move(changes)](RpcLoop& loop, const auto&) { loop.change(lane, changes); });
}

std::vector<PeerOutcome> RpcHelper::change_many(RpcLoop::LaneName lane, std::span<const WantedPeer> peers) {
  std::vector<PeerOutcome> outcomes;
  outcomes.reserve(peers.size());
  while (outcomes.size() < peers.size()) {
    const auto rest = peers.subspan(outcomes.size());
    const auto part = change(lane, rest.first(std::min(rest.size(), RpcClient::kItemsPerCall)));
    outcomes.insert(outcomes.end(), part.begin(), part.end());
    // Whoever was not there for a whole chunk is not waited for with every other one.
    const bool gone = std::all_of(part.begin(), part.end(), [](auto one) { return one == PeerOutcome::unreachable; });
    if (gone) outcomes.resize(peers.size(), PeerOutcome::unreachable);
  }
  return outcomes;
}

Outcome<StatusSnapshot> RpcHelper::status() {
  // The dump behind the first page is linear in the number of peers; with few of them a silent helper is a hung one.
  const auto limit = last_total_ < kManyPeers ? kLimit : kStatusLimit;
  auto reply = std::make_shared<StatusReply>(ErrorCode::helper_unavailable, limit, kStatusLimit);
  auto answer = ask(reply, [](RpcLoop& loop, const auto& waiting) {
    auto run = std::make_shared<StatusRun>();
    run->reply = waiting;
    loop.follow(waiting, read_pages(loop, run, 0));
  });
  if (answer) last_total_ = answer->peers.size();
  return answer;
}

void RpcHelper::on_link_change(std::function<void()> changed) {
  inbox_.push([changed = std::move(changed)](RpcLoop& loop) { loop.watch(changed); });
}

void RpcHelper::stop() {
  inbox_.close();
  inbox_.push([](RpcLoop& loop) { loop.release_all(); });
}

}  // namespace

std::unique_ptr<Helper> connect_helper(const std::string& socket_path) {
  return std::make_unique<RpcHelper>(socket_path);
}

}  // namespace wghub
