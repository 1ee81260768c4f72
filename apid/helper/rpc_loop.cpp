#include "apid/helper/rpc_loop.h"

#include <kj/debug.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr auto kShortPatience = std::chrono::milliseconds(500);
constexpr auto kLongPatience = std::chrono::milliseconds(2000);  // below the limit of every call but status
constexpr auto kSweep = 50 * kj::MILLISECONDS;
// The front ends a call after 1.5 s: a connection that says nothing for this long is given up, and its memory with it.
constexpr auto kCallLimit = 10 * kj::SECONDS;
constexpr auto kWatchLimit = 35 * kj::SECONDS;
constexpr auto kRetry = 250 * kj::MILLISECONDS;
constexpr auto kPauseWithoutProgress = 10 * kj::MILLISECONDS;
constexpr std::uint64_t kUnknownGeneration = std::numeric_limits<std::uint64_t>::max();

}  // namespace

RpcInbox::RpcInbox()
    : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), last_answer_(Waiter::Clock::now()), patience_(kLongPatience) {}

bool RpcInbox::enter() {
  const std::lock_guard lock(mutex_);
  if (closed_ || (waiting_ >= RpcLoop::kWaitersOfStalledHelper && is_silent())) return false;
  if (waiting_++ == 0) last_answer_ = Waiter::Clock::now();
  return true;
}

void RpcInbox::leave() {
  const std::lock_guard lock(mutex_);
  --waiting_;
}

void RpcInbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

bool RpcInbox::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void RpcInbox::push(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  // Fails only when the counter is full, and then the loop is awake anyway.
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

std::deque<RpcInbox::Job> RpcInbox::take_all() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto size = ::read(wake_.get(), &count, sizeof count);
  return std::exchange(jobs_, {});
}

void RpcInbox::answered() {
  const std::lock_guard lock(mutex_);
  last_answer_ = Waiter::Clock::now();
}

void RpcInbox::dump_took(Waiter::Clock::duration length) {
  const std::lock_guard lock(mutex_);
  patience_ = std::clamp<Waiter::Clock::duration>(2 * length, kShortPatience, kLongPatience);
}

bool RpcInbox::is_stalled() const {
  const std::lock_guard lock(mutex_);
  return waiting_ > 0 && is_silent();
}

RpcLoop::RpcLoop(kj::AsyncIoContext& io, RpcInbox& inbox, const std::string& socket_path)
    : timer_(io.provider->getTimer()),
      inbox_(inbox),
      wake_(io.unixEventPort, inbox.wake_descriptor(), kj::UnixEventPort::FdObserver::OBSERVE_READ),
      client_(io, socket_path),
      tasks_(*this) {
  auto pair = kj::newPromiseAndFulfiller<void>();
  stopped_ = kj::mv(pair.fulfiller);
  stop_promise_ = kj::mv(pair.promise);
}

kj::Promise<void> RpcLoop::run() { return read_jobs().exclusiveJoin(kj::mv(stop_promise_)); }

template <class T>
kj::Promise<T> RpcLoop::limited(kj::Promise<T> call, kj::Duration limit) {
  auto late = timer_.afterDelay(limit).then([this]() -> kj::Promise<T> {
    client_.drop();
    return KJ_EXCEPTION(OVERLOADED, "no answer");
  });
  return call.exclusiveJoin(kj::mv(late));
}

kj::Promise<void> RpcLoop::read_jobs() {
  for (auto jobs = inbox_.take_all(); !jobs.empty(); jobs = inbox_.take_all())
    for (auto& job : jobs) job(*this);
  // Only now, so that everything that had come is merged.
  for (const auto lane : {LaneName::add, LaneName::remove, LaneName::add_many, LaneName::remove_many}) send(lane);
  return wake_.whenBecomesReadable().then([this] { return read_jobs(); });
}

void RpcLoop::change(LaneName lane, std::vector<PeerChange> changes) {
  if (!changes.empty()) guard(changes.front().reply);
  auto& waiting = lanes_[static_cast<std::size_t>(lane)].waiting;
  std::move(changes.begin(), changes.end(), std::back_inserter(waiting));
}

void RpcLoop::send(LaneName name) {
  auto& lane = lanes_[static_cast<std::size_t>(name)];
  if (lane.busy) return;
  std::vector<PeerChange> batch;
  for (; !lane.waiting.empty() && batch.size() < RpcClient::kItemsPerCall; lane.waiting.pop_front())
    if (!lane.waiting.front().reply->is_finished()) batch.push_back(std::move(lane.waiting.front()));
  if (batch.empty()) return;
  lane.busy = true;
  auto shared = std::make_shared<std::vector<PeerChange>>(std::move(batch));
  WGHUB_CRASH_POINT("helper.asking");
  auto answer = limited(call(name, *shared), kCallLimit);
  tasks_.add(
      answer.then([this, name, shared](const std::vector<PeerOutcome>& outcomes) { settle(name, *shared, outcomes); },
                  [this, name, shared](kj::Exception&& exception) {
                    log::warning("peers not changed", {{"reason", exception.getDescription().cStr()}});
                    settle(name, *shared, std::vector(shared->size(), PeerOutcome::unreachable));
                  }));
}

kj::Promise<std::vector<PeerOutcome>> RpcLoop::call(LaneName name, const std::vector<PeerChange>& batch) {
  if (name == LaneName::add || name == LaneName::add_many) {
    std::vector<WantedPeer> peers;
    peers.reserve(batch.size());
    for (const auto& change : batch) peers.push_back(change.peer);
    return client_.add(std::move(peers));
  }
  std::vector<PublicKey> keys;
  keys.reserve(batch.size());
  for (const auto& change : batch) keys.push_back(change.peer.key);
  return client_.remove(std::move(keys));
}

// Hands out the outcomes; what was deferred goes first in the next call.
void RpcLoop::settle(LaneName name, std::vector<PeerChange> batch, const std::vector<PeerOutcome>& outcomes) {
  auto& lane = lanes_[static_cast<std::size_t>(name)];
  WGHUB_CRASH_POINT("helper.answered");
  bool progress = false;
  for (std::size_t i = batch.size(); i-- > 0;) {
    auto& change = batch[i];
    if (outcomes[i] == PeerOutcome::deferred) {
      lane.waiting.push_front(std::move(change));
      continue;
    }
    progress = progress || outcomes[i] != PeerOutcome::unreachable;
    change.reply->settle(change.index, outcomes[i]);
  }
  if (progress) inbox_.answered();
  auto next = progress ? kj::Promise<void>(kj::READY_NOW) : timer_.afterDelay(kPauseWithoutProgress);
  tasks_.add(next.then([this, name] {
    lanes_[static_cast<std::size_t>(name)].busy = false;
    send(name);
  }));
}

void RpcLoop::follow(std::shared_ptr<Waiter> waiter, kj::Promise<void> answer) {
  guard(waiter);
  tasks_.add(answer
                 .then([this] { inbox_.answered(); },
                       [](kj::Exception&& exception) {
                         log::warning("call failed", {{"reason", exception.getDescription().cStr()}});
                       })
                 .then([waiter = std::move(waiter)] { waiter->finish(); }));
}

void RpcLoop::guard(std::shared_ptr<Waiter> waiter) {
  if (inbox_.is_closed()) waiter->finish();
  waiters_.push_back(std::move(waiter));
  if (!std::exchange(sweeping_, true)) tasks_.add(sweep());
}

void RpcLoop::release_all() {
  for (const auto& waiter : waiters_) waiter->finish();
}

// Lets late callers go, and of a helper that says nothing all but the first ones.
kj::Promise<void> RpcLoop::sweep() {
  return timer_.afterDelay(kSweep).then([this]() -> kj::Promise<void> {
    waiters_.remove_if([](const auto& waiter) { return waiter->is_finished(); });
    const auto now = Waiter::Clock::now();
    std::size_t kept = 0;
    const std::size_t most = inbox_.is_stalled() ? kWaitersOfStalledHelper : waiters_.size();
    for (const auto& waiter : waiters_)
      if (waiter->is_late(now) || ++kept > most) waiter->finish();
    sweeping_ = !waiters_.empty();
    if (!sweeping_) return kj::READY_NOW;
    return sweep();
  });
}

void RpcLoop::watch(std::function<void()> changed) {
  const bool first = !link_changed_;
  link_changed_ = std::move(changed);
  if (first) tasks_.add(watch_from(kUnknownGeneration));
}

kj::Promise<void> RpcLoop::watch_from(std::uint64_t seen) {
  return limited(client_.watch(seen), kWatchLimit)
      .then(
          [this, seen](std::uint64_t generation) {
            if (generation != seen) link_changed_();
            return watch_from(generation);
          },
          [this](kj::Exception&& exception) {
            log::debug("watch ended", {{"reason", exception.getDescription().cStr()}});
            return timer_.afterDelay(kRetry).then([this] { return watch_from(kUnknownGeneration); });
          });
}

void RpcLoop::taskFailed(kj::Exception&& exception) {
  log::error("helper client failed", {{"reason", exception.getDescription().cStr()}});
}

}  // namespace wghub
