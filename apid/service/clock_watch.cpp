#include "apid/service/clock_watch.h"

#include <fmt/format.h>

namespace wghub {
namespace {

constexpr std::int64_t kHour = 60 * 60;
constexpr std::int64_t kJump = kHour;           // what corrects a clock in small steps stays below
constexpr std::int64_t kLongAway = 24 * kHour;  // a start after this ends as much at once as a jump

Alarm alarm(const char* kind, const char* text, std::int64_t seconds) {
  return {kind, "clock", fmt::format(fmt::runtime(text), seconds / kHour)};
}

}  // namespace

std::optional<Alarm> ClockWatch::look(std::int64_t hub, std::int64_t wall, std::int64_t steady) {
  const bool is_first = !steady_;
  const std::int64_t jump = hub_ == 0 ? 0 : hub - hub_ - (steady - steady_.value_or(steady));
  hub_ = hub;
  steady_ = steady;
  if (jump > (is_first ? kLongAway : kJump))
    return alarm("clock-ahead",
                 is_first ? "The last change is {} hours old: the hub was off, or the clock is ahead. What ended by "
                            "time meanwhile ended at once."
                          : "The clock jumped ahead by {} hours. What ended by time within them ended at once.",
                 jump);
  const bool was_behind = is_behind_;
  is_behind_ = hub - wall > kJump;
  if (!is_behind_ || was_behind) return std::nullopt;
  return alarm("clock-behind",
               "The clock is {} hours behind a time at which changes were made. Nothing that ended is valid again; the "
               "hub's time goes on from there.",
               hub - wall);
}

}  // namespace wghub
