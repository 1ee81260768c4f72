// What has to be done now and then: sums of denials, old sessions, old tokens. One sleepy thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "apid/service/account_service.h"
#include "apid/service/audit_trail.h"
#include "apid/service/status_tracker.h"
#include "apid/service/token_service.h"

namespace wghub {

class Housekeeper {
 public:
  /// Units: retention in seconds.
  Housekeeper(AuditTrail& audit, AccountService& accounts, TokenService& tokens, StatusTracker& tracker,
              std::int64_t retention);
  ~Housekeeper();

  void start();
  /// Writes what is still in memory.
  void stop();

 private:
  void run();

  AuditTrail& audit_;
  AccountService& accounts_;
  TokenService& tokens_;
  StatusTracker& tracker_;
  std::int64_t retention_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace wghub
