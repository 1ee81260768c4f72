#include "wgprivd/front/engine_queue.h"

#include <kj/async-unix.h>
#include <kj/debug.h>

#include <utility>

#include "common/crash_point.h"
#include "common/log.h"
#include "common/unix_socket.h"

namespace wghub {
namespace {

constexpr auto kRecordLimit = 10 * kj::SECONDS;
// Adds go first, but an endless stream of them must not keep a revoked peer on the interface.
constexpr unsigned kAddsPerRemoval = 32;

}  // namespace

struct EngineQueue::Socket {
  Socket(kj::UnixEventPort& port, Descriptor connected)
      : descriptor(std::move(connected)),
        observer(port, descriptor.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ) {}
  Descriptor descriptor;
  kj::UnixEventPort::FdObserver observer;
};

EngineQueue::EngineQueue(kj::AsyncIoContext& io, const std::string& path)
    : port_(io.unixEventPort), timer_(io.provider->getTimer()), path_(path), sent_at_(timer_.now()), tasks_(*this) {}

kj::Promise<void> EngineQueue::run(const std::shared_ptr<EngineCall>& call, kj::Duration limit) {
  if (flight_ && timer_.now() - sent_at_ > kRecordLimit) lose();
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
    auto& queue = waiting_[static_cast<std::size_t>(rank)];
    std::erase_if(queue, [](const auto& call) { return !call->done->isWaiting(); });
    if (queue.empty()) continue;
    if (rank != EngineRank::other) adds_in_a_row_ = rank == EngineRank::add ? adds_in_a_row_ + 1 : 0;
    auto call = std::move(queue.front());
    queue.pop_front();
    return call;
  }
  return nullptr;
}

void EngineQueue::pump() {
  while (!flight_ && (flight_ = take())) {
    retried_ = false;
    if (!transmit()) lose();
  }
}

bool EngineQueue::transmit() {
  if (!socket_) {
    // On a Unix socket connect succeeds or fails at once: a full backlog is a failure too.
    auto connected = connect_to(path_, SOCK_SEQPACKET | SOCK_NONBLOCK);
    const bool reached = static_cast<bool>(connected);
    if (std::exchange(reachable_, reached) != reached) log::warning(reached ? "engine reached" : "engine unreachable");
    if (!reached) return false;
    socket_ = std::make_shared<Socket>(port_, std::move(connected));
    tasks_.add(receive(socket_));
  }
  auto& record = flight_->records[flight_->next];
  record.id = ++last_id_;
  WGHUB_CRASH_POINT("front.sending");
  sent_at_ = timer_.now();
  return ::send(socket_->descriptor.get(), &record, sizeof record, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof record;
}

// Every operation may be repeated, so the record on the way is sent once more: a restarted engine costs nobody an
// error.
void EngineQueue::lose() {
  if (socket_) log::warning("engine connection lost");
  disconnect();
  if (!flight_ || (!std::exchange(retried_, true) && transmit())) return;
  flight_->done->reject(KJ_EXCEPTION(OVERLOADED, "the engine cannot be reached"));
  flight_.reset();
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
  if (!flight_ || reply.id != flight_->records[flight_->next].id) return false;
  WGHUB_CRASH_POINT("front.answered");
  const auto call = std::exchange(flight_, nullptr);
  call->outcomes[call->next] = reply.outcome;
  if (++call->next < call->records.size()) {
    waiting_[static_cast<std::size_t>(call->rank)].push_back(call);
  } else {
    call->answer = page_;
    call->done->fulfill();
  }
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
