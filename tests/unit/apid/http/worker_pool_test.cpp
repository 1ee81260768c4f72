#include "apid/http/worker_pool.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "apid/http/stream_queue.h"
#include "tests/catch.hpp"

using namespace wghub::http;

TEST_CASE("RunsEveryJobOnce") {
  std::atomic<int> done{0};
  {
    WorkerPool pool(8, 100000);
    for (int i = 0; i < 10000; ++i) REQUIRE(pool.submit([&] { ++done; }));
    REQUIRE(pool.submit([] { throw std::runtime_error("one job's fault"); }));
  }
  CHECK(done == 10000);
}

TEST_CASE("AFullQueueRefuses") {
  std::atomic<bool> go{false};
  WorkerPool pool(1, 2);
  std::atomic<bool> running{false};
  REQUIRE(pool.submit([&] {
    running = true;
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }));
  while (!running) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(pool.submit([] {}));
  CHECK(pool.submit([] {}));
  CHECK_FALSE(pool.submit([] {}));
  go = true;
  pool.stop();
  CHECK_FALSE(pool.submit([] {}));
}

TEST_CASE("AStreamQueueWakesOnceForManyFrames") {
  int woken = 0;
  StreamQueue queue([&] { ++woken; });
  queue.push("a", false);
  CHECK(woken == 0);  // not open yet
  queue.open();
  queue.push("b", false);
  CHECK(woken == 1);
  CHECK(queue.take().text == "ab");
  queue.push("c", true);
  CHECK(woken == 2);
  const auto batch = queue.take();
  CHECK(batch.text == "c");
  CHECK(batch.last);
  queue.push("after the last", false);
  CHECK(queue.take().text.empty());
}

TEST_CASE("AStreamQueueGivesUpOnSlowReaders") {
  StreamQueue queue([] {});
  for (int i = 0; i < 1000; ++i) queue.push("replay", false);
  queue.open();
  CHECK_FALSE(queue.take().overflowed);
  for (std::size_t i = 0; i < kStreamFrames; ++i) queue.push("x", false);
  CHECK_FALSE(queue.take().overflowed);
  for (std::size_t i = 0; i <= kStreamFrames; ++i) queue.push("x", false);
  CHECK(queue.take().overflowed);
  StreamQueue big([] {});
  big.open();
  big.push(std::string(kStreamBytes + 1, 'x'), false);
  CHECK(big.take().overflowed);
}
