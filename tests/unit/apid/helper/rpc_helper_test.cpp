// The helper's client against the real front, with a fake engine behind it.
#include <kj/async-unix.h>
#include <kj/io.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "apid/helper/helper.h"
#include "tests/catch.hpp"
#include "tests/unit/wgprivd/front/fake_engine.h"
#include "tests/unit/wgprivd/front/local_socket.h"
#include "wgprivd/front/service.h"

using namespace wghub;
using namespace wghub::test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

/// A front in a thread of its own; its end looks to a client like that of a killed process.
class RunningFront {
 public:
  RunningFront(const Descriptor& listener, const std::string& engine_path) : stop_(::eventfd(0, EFD_NONBLOCK)) {
    thread_ = std::thread([this, socket = ::dup(listener.get()), engine_path] {
      auto io = kj::setupAsyncIo();
      auto receiver = io.lowLevelProvider->wrapListenSocketFd(kj::AutoCloseFd(socket));
      auto front = run_front(io, kj::mv(receiver), {.engine_path = engine_path, .caller = ::getuid()});
      kj::UnixEventPort::FdObserver stop(io.unixEventPort, stop_.get(), kj::UnixEventPort::FdObserver::OBSERVE_READ);
      front.exclusiveJoin(stop.whenBecomesReadable()).wait(io.waitScope);
    });
  }
  ~RunningFront() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  RunningFront(const RunningFront&) = delete;
  RunningFront& operator=(const RunningFront&) = delete;

 private:
  Descriptor stop_;
  std::thread thread_;
};

struct Setting {
  void start_front() { front = std::make_unique<RunningFront>(listener, directory / "engine.sock"); }

  kj::AsyncIoContext first_loop = kj::setupAsyncIo();  // kj's statics, made where TSan can see the order
  TemporaryDirectory directory;
  FakeEngine engine{directory / "engine.sock"};
  Descriptor listener = listen_at(directory / "front.sock", SOCK_STREAM);
  std::unique_ptr<RunningFront> front;
  std::unique_ptr<Helper> helper = connect_helper(directory / "front.sock");
};

WantedPeer peer(unsigned number) {
  WantedPeer wanted;
  wanted.key.bytes[0] = 1;
  wanted.key.bytes[1] = static_cast<std::uint8_t>(number);
  wanted.key.bytes[2] = static_cast<std::uint8_t>(number >> 8);
  wanted.ipv4 = from_number(0x0a000102 + number);
  return wanted;
}

std::vector<WantedPeer> peers(unsigned count) {
  std::vector<WantedPeer> wanted;
  for (unsigned i = 0; i < count; ++i) wanted.push_back(peer(i));
  return wanted;
}

template <class Condition>
bool becomes(Condition condition) {
  const auto end = Clock::now() + 3s;
  while (!condition() && Clock::now() < end) std::this_thread::sleep_for(5ms);
  return condition();
}

}  // namespace

TEST_CASE("HelperTalksToTheEngineThroughTheFront") {
  Setting setting;
  setting.start_front();
  auto& helper = *setting.helper;
  const auto info = helper.hello();
  REQUIRE(info);
  CHECK(info->backend == HelperBackend::userspace);
  CHECK(info->interface_up);
  CHECK_FALSE(info->policy);
  REQUIRE(helper.hub_key());
  CHECK(helper.hub_key()->bytes[0] == 9);
  const InterfacePolicy policy{*parse_network("10.0.1.0/24"), 51820, 1420};
  const auto configured = helper.configure(policy);
  CHECK(configured.outcome == PeerOutcome::done);
  CHECK(configured.created);
  CHECK(configured.policy == policy);
  CHECK(helper.add_peer(peer(1)) == PeerOutcome::done);
  CHECK(helper.add_peer(peer(1)) == PeerOutcome::unchanged);
  const auto status = helper.status();
  REQUIRE(status);
  REQUIRE(status->peers.size() == 1);
  CHECK(status->complete);
  CHECK(status->peers[0].key == peer(1).key);
  CHECK(status->peers[0].ipv4 == peer(1).ipv4);
  CHECK_FALSE(status->peers[0].ipv6);
  CHECK(helper.remove_peer(peer(1).key) == PeerOutcome::done);
  CHECK(setting.engine.peer_count() == 0);
}

TEST_CASE("HelperServesManyThreadsAtOnce") {
  Setting setting;
  setting.start_front();
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 64; ++i)
    threads.emplace_back([&, i] {
      for (unsigned round = 0; round < 5; ++round)
        if (setting.helper->add_peer(peer(5 * i + round)) == PeerOutcome::done) ++done;
    });
  for (auto& thread : threads) thread.join();
  CHECK(done == 320);
  CHECK(setting.engine.connections == 1);
}

TEST_CASE("HelperReadsAStatusPageByPageAndStartsAgainWhenItIsStale") {
  Setting setting;
  setting.start_front();
  for (const auto outcome : setting.helper->add_peers(peers(600))) CHECK(outcome == PeerOutcome::done);
  setting.engine.stale_pages = 2;
  const auto status = setting.helper->status();
  REQUIRE(status);
  CHECK(status->peers.size() == 600);
  CHECK(status->complete);
  setting.engine.stale_pages = 3;
  CHECK_FALSE(setting.helper->status());
}

TEST_CASE("HelperTellsAMissingInterfaceFromAMissingHelper") {
  Setting setting;
  setting.start_front();
  setting.engine.interface_missing = true;
  const auto status = setting.helper->status();
  REQUIRE(status);
  CHECK_FALSE(status->interface_up);
  CHECK_FALSE(status->complete);
}

TEST_CASE("HelperSendsDeferredItemsAgain") {
  Setting setting;
  setting.start_front();
  setting.engine.delay_ms = 20;
  // An item that was with the engine when the call ended is there already when it is sent again.
  for (const auto outcome : setting.helper->add_peers(peers(100)))
    CHECK((outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged));
  CHECK(setting.engine.peer_count() == 100);
}

TEST_CASE("HelperSendsACallAgainWhenTheFrontIsRestarted") {
  Setting setting;
  setting.start_front();
  setting.engine.delay_ms = 200;
  auto outcome = PeerOutcome::failed;
  std::thread caller([&] { outcome = setting.helper->add_peer(peer(1)); });
  std::this_thread::sleep_for(50ms);
  setting.front.reset();
  setting.start_front();
  caller.join();
  CHECK((outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged));
  CHECK(setting.engine.peer_count() == 1);
}

TEST_CASE("HelperSurvivesEndsOfTheFrontAtAnyMoment") {
  Setting setting;
  setting.start_front();
  std::atomic<bool> stop = false;
  std::atomic<unsigned> answered = 0;
  std::thread restarts([&] {
    unsigned before = 0;
    while (!stop) {
      // A call is sent again once, so each front must answer one; the last of the one before may be counted late.
      while (!stop && answered < before + 2) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(std::chrono::microseconds(700 * (answered % 7)));
      setting.front.reset();
      before = answered;
      setting.start_front();
    }
  });
  setting.engine.delay_ms = 1;
  for (unsigned i = 0; i < 120; ++i) {
    const auto outcome = setting.helper->add_peer(peer(i));
    CHECK((outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged));
    ++answered;
  }
  stop = true;
  restarts.join();
  CHECK(setting.engine.peer_count() == 120);
}

TEST_CASE("HelperSaysAtOnceThatNobodyListens") {
  Setting setting;
  setting.listener = Descriptor();
  const auto begin = Clock::now();
  CHECK(setting.helper->add_peer(peer(1)) == PeerOutcome::unreachable);
  CHECK_FALSE(setting.helper->status());
  CHECK_FALSE(setting.helper->hello());
  CHECK(setting.helper->add_peers(peers(600)) == std::vector(600, PeerOutcome::unreachable));
  CHECK(Clock::now() - begin < 500ms);
}

TEST_CASE("HelperLetsFortyEightWaitForASilentEngineAndNobodyForLong") {
  Setting setting;
  setting.start_front();
  REQUIRE(setting.helper->status());
  setting.engine.silent = true;
  std::atomic<int> at_once = 0;
  std::atomic<int> in_time = 0;
  std::atomic<int> unreachable = 0;
  std::vector<std::thread> threads;
  const auto begin = Clock::now();
  for (unsigned i = 0; i < 60; ++i)
    threads.emplace_back([&, i] {
      if (setting.helper->add_peer(peer(i)) == PeerOutcome::unreachable) ++unreachable;
      const auto taken = Clock::now() - begin;
      if (taken < 1s) ++at_once;
      if (taken >= 2s && taken < 2700ms) ++in_time;
    });
  std::this_thread::sleep_for(800ms);
  CHECK(at_once == 12);
  const auto late = Clock::now();
  CHECK(setting.helper->add_peer(peer(100)) == PeerOutcome::unreachable);
  CHECK_FALSE(setting.helper->status());
  CHECK(Clock::now() - late < 100ms);
  for (auto& thread : threads) thread.join();
  CHECK(in_time == 48);
  CHECK(unreachable == 60);
  setting.engine.silent = false;
  CHECK(becomes([&] { return setting.helper->add_peer(peer(1)) == PeerOutcome::unchanged; }));
}

TEST_CASE("HelperTakesNoLongDumpForSilence") {
  Setting setting;
  setting.start_front();
  setting.engine.dump_ms = 800;
  REQUIRE(setting.helper->status());
  // The next dump, and sixty callers behind it.
  bool answered = false;
  std::thread reconciler([&] { answered = static_cast<bool>(setting.helper->status()); });
  std::this_thread::sleep_for(50ms);
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 60; ++i)
    threads.emplace_back([&, i] {
      if (setting.helper->add_peer(peer(i)) == PeerOutcome::done) ++done;
    });
  std::this_thread::sleep_for(600ms);
  if (setting.helper->add_peer(peer(100)) == PeerOutcome::done) ++done;
  for (auto& thread : threads) thread.join();
  reconciler.join();
  CHECK(answered);
  CHECK(done == 61);
}

TEST_CASE("HelperWhoseDumpsAreLongIsGivenUpWithinTheLimitOfACall") {
  Setting setting;
  setting.start_front();
  setting.engine.dump_ms = 1500;
  REQUIRE(setting.helper->status());
  setting.engine.silent = true;
  std::atomic<int> late = 0;
  std::atomic<int> unreachable = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 60; ++i)
    threads.emplace_back([&, i] {
      const auto begin = Clock::now();
      if (setting.helper->add_peer(peer(i)) == PeerOutcome::unreachable) ++unreachable;
      if (Clock::now() - begin > 2700ms) ++late;
    });
  std::this_thread::sleep_for(2150ms);
  const auto begin = Clock::now();
  CHECK(setting.helper->add_peer(peer(100)) == PeerOutcome::unreachable);
  CHECK(Clock::now() - begin < 100ms);
  for (auto& thread : threads) thread.join();
  CHECK(unreachable == 60);
  CHECK(late == 0);
}

TEST_CASE("HelperThatIsStoppedLetsEverybodyGo") {
  Setting setting;
  setting.start_front();
  setting.engine.silent = true;
  const auto begin = Clock::now();
  bool answered = true;
  std::vector<PeerOutcome> outcomes;
  std::thread status([&] { answered = static_cast<bool>(setting.helper->status()); });
  std::thread adding([&] { outcomes = setting.helper->add_peers(peers(600)); });
  std::this_thread::sleep_for(200ms);
  setting.helper->stop();
  status.join();
  adding.join();
  CHECK_FALSE(answered);
  CHECK(outcomes == std::vector(600, PeerOutcome::unreachable));
  CHECK_FALSE(setting.helper->hello());
  CHECK(Clock::now() - begin < 700ms);
}

TEST_CASE("HelperTellsOfEveryConnectionAndEveryChangeOfTheLink") {
  Setting setting;
  std::atomic<int> told = 0;
  setting.helper->on_link_change([&] { ++told; });
  std::this_thread::sleep_for(50ms);
  CHECK(told == 0);
  setting.start_front();
  CHECK(becomes([&] { return told == 1; }));
  setting.engine.change_link();
  CHECK(becomes([&] { return told == 2; }));
  setting.front.reset();
  setting.start_front();
  CHECK(becomes([&] { return told == 3; }));
}
