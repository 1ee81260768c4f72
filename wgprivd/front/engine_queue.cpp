#include "wgprivd/front/engine_queue.h"

#include <kj/async-unix.h>
#include <kj/debug.h>

#include <algorithm>
#include <utility>

#include "common/crash_point.h"
#include "common/log.h"
#include "common/unix_socket.h"

namespace wghub {
namespace {

constexpr auto kRecordLimit = 10 * kj::SECONDS;
// Adds go first, but an endless stream of them must not keep a revoked peer on the interface.
constexpr unsigned kAddsPerRemoval = 32;
// By rank. More than one answer of a status would not fit a socket, and an add must not wait for more than one removal.
constexpr std::ptrdiff_t kUnderWay[] = {1, 8, 1};

}  // namespace

struct EngineQueue::Socket {
  Socket(kj::UnixEventPort& port, Descriptor connected)
      : descriptor(std::move(connected)),
        observer(port, descriptor.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ) {}
  Descriptor descriptor;
  kj::UnixEventPort::FdObserver observer;
};

EngineQueue::EngineQueue(kj::AsyncIoContext& io, const std::string& path)
    : port_(io.unixEventPort), timer_(io.provider->getTimer()), path_(path), turn_began_(timer_.now()), tasks_(*this) {}

kj::Promise<void> EngineQueue::run(const std::shared_ptr<EngineCall>& call, kj::Duration limit) {
  if (!under_way_.empty() && timer_.now() - turn_began_ > kRecordLimit) lose();
  auto pair = kj::newPromiseAndFulfiller<void>();
  call->done = kj::mv(pair.fulfiller);
  call->outcomes.assign(call->records.size(), EngineOutcome::deferred);
  waiting_[static_cast<std::size_t>(call->rank)].push_back(call);
  pump();
  return pair.promise.exclusiveJoin(timer_.afterDelay(limit));
}

// Calls of one rank take turns, record by record, so that a long one does not hold up the others.
std::shared_ptr<EngineCall> EngineQueue::take() {
  const auto second = adds_in_a_row_ < kAddsPerRemoval ? EngineRank::add : EngineRank::remove;
  const auto third = second == EngineRank::add ? EngineRank::remove : EngineRank::add;
  for (const auto rank : {EngineRank::other, second, third}) {
    const auto index = static_cast<std::size_t>(rank);
    auto& queue = waiting_[index];
    std::erase_if(queue, [](const auto& call) { return !call->done->isWaiting(); });
    const auto rank_of = [](const Flight& flight) { return flight.call->rank; };
    if (queue.empty() || std::ranges::count(under_way_, rank, rank_of) >= kUnderWay[index]) continue;
    if (rank != EngineRank::other) adds_in_a_row_ = rank == EngineRank::add ? adds_in_a_row_ + 1 : 0;
    auto call = std::move(queue.front());
    queue.pop_front();
    return call;
  }
  return nullptr;
}

void EngineQueue::pump() {
  while (auto call = take()) {
    under_way_.push_back({call, &call->records[call->sent]});
    if (++call->sent < call->records.size()) waiting_[static_cast<std::size_t>(call->rank)].push_back(call);
    if (!transmit(under_way_.back())) lose();
  }
}

bool EngineQueue::transmit(Flight& flight) {
  if (!socket_) {
    // On a Unix socket connect succeeds or fails at once: a full backlog is a failure too.
    auto connected = connect_to(path_, SOCK_SEQPACKET | SOCK_NONBLOCK);
    const bool reached = static_cast<bool>(connected);
    if (std::exchange(reachable_, reached) != reached) log::warning(reached ? "engine reached" : "engine unreachable");
    if (!reached) return false;
    socket_ = std::make_shared<Socket>(port_, std::move(connected));
    tasks_.add(kj::evalLater([this, socket = socket_] { return receive(socket); }));
  }
  flight.record->id = ++last_id_;
  WGHUB_CRASH_POINT("front.sending");
  if (&flight == &under_way_.front()) turn_began_ = timer_.now();
  // When this fails the connection is lost, which receive() finds out behind the answers that came before.
  ::send(socket_->descriptor.get(), flight.record, sizeof *flight.record, MSG_DONTWAIT | MSG_NOSIGNAL);
  return true;
}

// Every operation may be repeated, so what was on the way is sent again, in order: a restarted engine costs nobody an
// error. A record in whose turn it is lost twice may be the reason, and is given up alone.
void EngineQueue::lose() {
  if (socket_) log::warning("engine connection lost");
  do {
    disconnect();
    if (under_way_.empty() || !std::exchange(under_way_.front().was_lost, true)) continue;
    under_way_.front().call->done->reject(KJ_EXCEPTION(OVERLOADED, "the engine cannot be reached"));
    under_way_.pop_front();
  } while (!std::ranges::all_of(under_way_, [this](Flight& flight) { return transmit(flight); }));
}

// The shutdown wakes receive(), which holds the descriptor until then.
void EngineQueue::disconnect() {
  if (socket_) ::shutdown(socket_->descriptor.get(), SHUT_RDWR);
  socket_.reset();
  saw_generation(0);
}

kj::Promise<void> EngineQueue::receive(std::shared_ptr<Socket> socket) {
  while (socket == socket_) {
    const auto size = ::recv(socket->descriptor.get(), &page_, sizeof page_, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0 && errno == EAGAIN) {
      auto readable = socket->observer.whenBecomesReadable();
      return readable.then([this, socket = std::move(socket)]() mutable { return receive(std::move(socket)); });
    }
    if (size < 0 || !accept(static_cast<std::size_t>(size))) lose();
    pump();
  }
  return kj::READY_NOW;
}

// Takes the record in page_: a notice, or the answer that is waited for. Anything else means that we are out of step.
bool EngineQueue::accept(std::size_t size) {
  const auto& reply = page_.reply;
  if (!is_sound(page_, size)) return false;
  saw_generation(reply.link_generation);
  if (reply.operation == EngineOperation::link_changed) return true;
  if (under_way_.empty() || reply.id != under_way_.front().record->id) return false;
  WGHUB_CRASH_POINT("front.answered");
  const auto flight = std::move(under_way_.front());
  under_way_.pop_front();
  turn_began_ = timer_.now();
  auto& call = *flight.call;
  call.outcomes[static_cast<std::size_t>(flight.record - call.records.data())] = reply.outcome;
  if (++call.answered < call.records.size()) return true;
  call.reply = reply;
  call.peers.assign(page_.peers.begin(), page_.peers.begin() + reply.peer_count);
  call.done->fulfill();
  return true;
}

void EngineQueue::saw_generation(std::uint64_t generation) {
  if (std::exchange(link_generation_, generation) == generation) return;
  for (auto& watcher : std::exchange(watchers_, {})) watcher->fulfill();
}

kj::Promise<void> EngineQueue::link_change() {
  std::erase_if(watchers_, [](auto& watcher) { return !watcher->isWaiting(); });
  auto pair = kj::newPromiseAndFulfiller<void>();
  watchers_.push_back(kj::mv(pair.fulfiller));
  return kj::mv(pair.promise);
}

}  // namespace wghub
