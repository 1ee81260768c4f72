// Writing the audit trail (D12): what is done, inside its transaction; what was denied to strangers, summed.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "apid/model/audit.h"
#include "apid/service/surroundings.h"

namespace wghub {

/// Who does things without being asked: reconciler, clock.
Actor system_actor();

class AuditTrail {
 public:
  AuditTrail(Stores& stores, Clock clock);

  /// Records a success in the transaction of what it records. An action `alarm.…` is an alert too, here and below.
  void record(store::Transaction& transaction, const Actor& actor, std::string action, std::string target,
              const boost::json::object& details = {});
  /// Records a denial in the running transaction.
  void record_denied(store::Transaction& transaction, const Actor& actor, std::string action, std::string target,
                     const boost::json::object& details = {});

  /// Counts a denial; one event a minute per client prefix, code and actor (strangers are one) tells how many there
  /// were, at most 200 events a minute. Written by flush_denials.
  void count_denial(const Actor& actor, std::string_view code);
  /// Writes the sums of minutes that are over; all of them when ending.
  enum class Flush { finished_minutes, everything };
  void flush_denials(Flush flush);

 private:
  struct Denials {
    std::int64_t minute = 0;
    std::int64_t count = 0;
    Actor last;
  };

  void append(store::Transaction& transaction, AuditEvent event, const boost::json::object& details);

  Stores& stores_;
  Clock clock_;
  std::mutex mutex_;
  std::map<std::array<std::string, 3>, Denials> denials_;  ///< client prefix, code, actor's id
};

}  // namespace wghub
