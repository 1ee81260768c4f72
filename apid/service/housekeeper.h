// What has to be done now and then: sums of denials, old sessions, old tokens, a look at the clock. One sleepy thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "apid/service/audit_trail.h"
#include "apid/service/clock_watch.h"
#include "apid/service/event.h"
#include "apid/service/people.h"
#include "apid/service/status_tracker.h"
#include "apid/service/token_service.h"

namespace wghub {

/// What the housekeeper works with.
struct HousekeeperSurroundings {
  AuditTrail& audit;
  EventSink& events;
  People& people;
  TokenService& tokens;
  StatusTracker& tracker;
};

class Housekeeper {
 public:
  /// Made before anything is written. Units: retention in seconds.
  Housekeeper(Stores& stores, HousekeeperSurroundings surroundings, Clock clock, std::int64_t retention);
  ~Housekeeper();

  void start();
  /// Writes what is still in memory.
  void stop();

 private:
  void run();
  void watch_clock();

  Stores& stores_;
  HousekeeperSurroundings around_;
  Clock clock_;
  ClockWatch watch_;
  std::int64_t retention_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wghub
