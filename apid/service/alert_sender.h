// Tells the targets what happens: gathers what comes together, keeps quiet hours, tries again. One sleepy thread. How
// far each target was told is in the database, so that a restart neither loses nor repeats.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apid/courier/courier.h"
#include "apid/model/alert.h"
#include "apid/service/certificate_watch.h"
#include "apid/service/event.h"
#include "apid/service/surroundings.h"

namespace wghub {

/// What the sender works with.
struct AlertSenderSurroundings {
  Courier& courier;
  EventSink& events;
  CertificateWatch& certificates;
  std::function<int(std::int64_t)> minute_of_day;  ///< of a moment in epoch seconds, in the hub's own time
  std::string hub_name;                            ///< as for hub_name() in alert_service.h
};

class AlertSender {
 public:
  AlertSender(Stores& stores, AlertSenderSurroundings surroundings);
  ~AlertSender();

  void start();
  void stop();
  /// Something is new. Any thread; does not block.
  void wake();

  /// One look at everything that is due; what the thread does again and again. Units: seconds of a clock that nobody
  /// can set.
  void round(std::int64_t steady);

 private:
  struct Pace {
    std::int64_t next_try = 0;  ///< steady
    int failures = 0;           ///< in a row
  };
  void run();
  void publish_new();
  void keep_house(std::int64_t steady);
  void attend(AlertTarget target, std::int64_t steady);
  void save(const AlertTarget& target);
  bool is_stopping();

  Stores& stores_;
  AlertSenderSurroundings around_;
  std::map<std::string, Pace> paces_;  ///< by target
  std::int64_t published_until_ = 0;
  std::int64_t next_house_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wghub
