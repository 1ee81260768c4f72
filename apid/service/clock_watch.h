// Notices that somebody set the machine's clock: all that ends by time ends earlier then, or lasts longer (F10).
// Leaves recording and telling it to the housekeeper.
#pragma once

#include <cstdint>
#include <optional>

#include "apid/service/event.h"

namespace wghub {

class ClockWatch {
 public:
  /// Units: epoch seconds. highest: the highest reading that was ever committed, 0 for none.
  explicit ClockWatch(std::int64_t highest) : hub_(highest) {}

  /// What to tell about the time since the last look. A clock that stays behind is told once.
  /// Units: epoch seconds; steady: seconds of a clock that nobody can set. hub: the database's now, which never goes
  /// back. wall: the machine's clock.
  std::optional<Alarm> look(std::int64_t hub, std::int64_t wall, std::int64_t steady);

 private:
  std::int64_t hub_;
  std::optional<std::int64_t> steady_;  ///< nothing before the first look
  bool is_behind_ = false;
};

}  // namespace wghub
