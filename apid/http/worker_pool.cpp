#include "apid/http/worker_pool.h"

#include <csignal>
#include <exception>
#include <stdexcept>

#include "common/log.h"

namespace wghub::http {
namespace {

// Enough for SQLite and OpenSSL (Argon2 works on the heap); sanitizers need more for their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kStackBytes = 2U << 20U;
#else
constexpr std::size_t kStackBytes = 256U << 10U;
#endif

}  // namespace

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit) : queue_limit_(queue_limit) {
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are the main thread's
  bool good = true;
  for (std::size_t i = 0; good && i < threads; ++i) {
    auto worker = std::make_unique<Worker>();
    worker->pool = this;
    good = pthread_create(&worker->thread, &attributes, &WorkerPool::enter, worker.get()) == 0;
    if (good) workers_.push_back(std::move(worker));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (good) return;
  stop();
  throw std::runtime_error("cannot start the worker threads");
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Job job) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= queue_limit_) return false;
  queue_.push_back(std::move(job));
  if (idle_.empty()) return true;
  auto* worker = idle_.back();
  idle_.pop_back();
  worker->called = true;
  worker->wake.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto* worker : idle_) {
      worker->called = true;
      worker->wake.notify_one();
    }
    idle_.clear();
  }
  for (const auto& worker : workers_) pthread_join(worker->thread, nullptr);
  workers_.clear();
}

void* WorkerPool::enter(void* worker) {
  auto* self = static_cast<Worker*>(worker);
  self->pool->work(*self);
  return nullptr;
}

void WorkerPool::work(Worker& self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (queue_.empty()) {
      if (stopping_) return;
      self.called = false;
      idle_.push_back(&self);
      self.wake.wait(lock, [&] { return self.called; });
      continue;
    }
    {
      const Job job = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      try {
        job();
      } catch (const std::exception& fault) {
        log::error("A job of the worker threads failed", {{"fault", fault.what()}});
      }
    }
    lock.lock();
  }
}

}  // namespace wghub::http
