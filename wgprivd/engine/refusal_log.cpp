#include "wgprivd/engine/refusal_log.h"

#include "common/key.h"
#include "common/log.h"
#include "wgprivd/engine/peer_table.h"

namespace wghub {

void RefusalLog::write(const char* operation, const char* reason, const EngineRequest& request, Clock::time_point now) {
  sum_up(now);
  if (++count_ > kLinesPerSecond) return;
  log::warning("refused", {{"operation", operation},
                           {"reason", reason},
                           {"key", to_base64(PublicKey{request.key})},
                           {"address", to_string(request.addresses)}});
}

void RefusalLog::sum_up(Clock::time_point now) {
  if (now - second_ < std::chrono::seconds(1)) return;
  if (count_ > kLinesPerSecond) {
    log::warning("more was refused", {{"count", static_cast<std::int64_t>(count_ - kLinesPerSecond)}});
  }
  second_ = now;
  count_ = 0;
}

}  // namespace wghub
