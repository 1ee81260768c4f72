#include "wgprivd/front/engine_queue.h"

#include <kj/debug.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

constexpr auto kCallLimit = 9 * kj::SECONDS;
constexpr auto kBatchLimit = 1500 * kj::MILLISECONDS;
constexpr auto kRecordLimit = 10 * kj::SECONDS;
// Adds go first, but an endless stream of them must not keep a revoked peer on the interface.
constexpr unsigned kAddsPerRemoval = 32;

std::size_t index_of(EngineQueue::Rank rank) {
  return static_cast<std::size_t>(rank);
}

kj::Exception unreachable() {
  return KJ_EXCEPTION(OVERLOADED, "the engine cannot be reached");
}

}  // namespace

bool EngineQueue::Job::skip_decided() {
  while (next < outcomes.size() && outcomes[next] != EngineOutcome::deferred) ++next;
  return next < outcomes.size();
}

EngineQueue::EngineQueue(kj::AsyncIoContext& io, std::string path)
    : port_(io.unixEventPort), timer_(io.provider->getTimer()), path_(std::move(path)), tasks_(*this) {
  renew_link_change();
}

kj::Promise<std::shared_ptr<EngineStatusPage>> EngineQueue::call(const EngineRequest& request) {
  auto job = std::make_shared<Job>();
  job->records = {request};
  job->outcomes = {EngineOutcome::deferred};
  return timer_.timeoutAfter(kCallLimit, submit(job)).then([job] { return job->answer; });
}

kj::Promise<std::vector<EngineOutcome>> EngineQueue::batch(Rank rank, std::vector<EngineRequest> records,
                                                           std::vector<EngineOutcome> outcomes) {
  auto job = std::make_shared<Job>();
  job->rank = rank;
  job->records = std::move(records);
  job->outcomes = std::move(outcomes);
  if (!job->skip_decided()) return std::move(job->outcomes);
  return submit(job).exclusiveJoin(timer_.afterDelay(kBatchLimit)).then([job] { return job->outcomes; });
}

kj::Promise<void> EngineQueue::submit(const std::shared_ptr<Job>& job) {
  if (flight_ && timer_.now() - flight_->since > kRecordLimit) lose();
  auto pair = kj::newPromiseAndFulfiller<void>();
  job->done = kj::mv(pair.fulfiller);
  waiting_[index_of(job->rank)].push_back(job);
  pump();
  return kj::mv(pair.promise);
}

std::shared_ptr<EngineQueue::Job> EngineQueue::take(Rank rank) {
  auto& queue = waiting_[index_of(rank)];
  while (!queue.empty()) {
    auto job = std::move(queue.front());
    queue.pop_front();
    if (job->done->isWaiting()) return job;
  }
  return nullptr;
}

std::shared_ptr<EngineQueue::Job> EngineQueue::take_next() {
  if (auto job = take(Rank::other)) return job;
  if (adds_in_a_row_ < kAddsPerRemoval) {
    if (auto job = take(Rank::add)) {
      ++adds_in_a_row_;
      return job;
    }
  }
  adds_in_a_row_ = 0;
  auto job = take(Rank::remove);
  return job ? job : take(Rank::add);
}

void EngineQueue::pump() {
  while (!flight_) {
    auto job = take_next();
    if (!job) return;
    flight_ = Flight{std::move(job), timer_.now()};
    if (!transmit()) lose();
  }
}

bool EngineQueue::transmit() {
  if (!socket_) {
    socket_ = EngineSocket::connect(port_, path_);
    const bool was_reachable = std::exchange(reachable_, socket_ != nullptr);
    if (!socket_ && was_reachable) log::error("engine not reachable", {{"reason", std::strerror(errno)}});
    if (!socket_) return false;
    tasks_.add(receive_all(socket_));
  }
  auto& job = *flight_->job;
  job.records[job.next].id = next_id_++;
  return socket_->send(job.records[job.next]);
}

kj::Promise<void> EngineQueue::receive_all(std::shared_ptr<EngineSocket> socket) {
  auto page = std::make_shared<EngineStatusPage>();
  auto received = EngineSocket::Received::nothing;
  while (socket == socket_ && (received = socket->receive(*page)) == EngineSocket::Received::record)
    if (!accept(*page)) lose();
  if (socket == socket_ && received == EngineSocket::Received::lost) lose();
  pump();
  if (socket != socket_) return kj::READY_NOW;
  auto readable = socket->readable();
  return readable.then([this, socket = std::move(socket)]() mutable { return receive_all(std::move(socket)); });
}

// Whether the record is a notice or the answer that is waited for; with anything else the two sides are out of step.
bool EngineQueue::accept(const EngineStatusPage& page) {
  saw_generation(page.reply.link_generation);
  if (page.reply.operation == EngineOperation::link_changed) return true;
  if (!flight_) return false;
  const auto& request = flight_->job->records[flight_->job->next];
  if (page.reply.id != request.id || page.reply.operation != request.operation) return false;
  settle(page);
  return true;
}

void EngineQueue::settle(const EngineStatusPage& page) {
  const auto job = std::move(flight_->job);
  flight_.reset();
  job->outcomes[job->next] = std::min(page.reply.outcome, EngineOutcome::failed);
  if (job->rank == Rank::other) job->answer = std::make_shared<EngineStatusPage>(page);
  if (!job->skip_decided()) {
    job->done->fulfill();
  } else if (job->done->isWaiting()) {
    waiting_[index_of(job->rank)].push_back(job);
  }
  pump();
}

// Every operation may be repeated, so the record on the way is sent once more: a restarted engine costs nobody an
// error.
void EngineQueue::lose() {
  if (socket_) socket_->shut_down();
  if (socket_) log::warning("engine connection lost");
  socket_.reset();
  link_changed_->reject(unreachable());
  renew_link_change();
  if (!flight_) return;
  if (!std::exchange(flight_->retried, true)) {
    flight_->since = timer_.now();
    if (transmit()) return;
    socket_.reset();
  }
  flight_->job->done->reject(unreachable());
  flight_.reset();
}

void EngineQueue::saw_generation(std::uint64_t generation) {
  if (std::exchange(link_generation_, generation) == generation) return;
  link_changed_->fulfill();
  renew_link_change();
}

void EngineQueue::renew_link_change() {
  auto pair = kj::newPromiseAndFulfiller<void>();
  link_changed_ = kj::mv(pair.fulfiller);
  link_change_ = pair.promise.fork();
}

void EngineQueue::rest() {
  if (flight_ || !socket_) return;
  socket_->shut_down();
  socket_.reset();
}

void EngineQueue::taskFailed(kj::Exception&& exception) {
  log::error("engine connection failed", {{"reason", exception.getDescription().cStr()}});
  lose();
}

}  // namespace wghub
