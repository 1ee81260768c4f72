// Threads that run handlers, and their bounded queue. What a job does is the session's.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace wghub::http {

class WorkerPool {
 public:
  using Job = std::function<void()>;

  /// Starts the threads. Throws std::runtime_error when the system refuses one.
  WorkerPool(std::size_t threads, std::size_t queue_limit);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool is stopping; then the job is dropped unrun.
  bool submit(Job job);

  /// Runs what is queued, then ends the threads.
  void stop();

 private:
  struct Worker {
    WorkerPool* pool = nullptr;
    pthread_t thread{};
    std::condition_variable wake;
    bool called = false;
  };

  static void* enter(void* worker);
  void work(Worker& self);

  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::deque<Job> queue_;
  std::vector<Worker*> idle_;  ///< the last to fall asleep is woken first: its stack is warm
  bool stopping_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace wghub::http
