// Records that spokes fell silent and were heard again, so that it is told once, over restarts too.
#pragma once

#include <functional>
#include <memory>

#include "apid/service/silence_watch.h"
#include "apid/service/surroundings.h"

namespace wghub {

class AlertWatch {
 public:
  /// told: there is something new in table alerts; must not block.
  AlertWatch(Stores& stores, Clock clock, std::function<void()> told);

  /// Takes a snapshot, which was laid beside this table. One thread only.
  void apply(const std::shared_ptr<const PeerTable>& table, const SeenPeers& seen);

 private:
  Stores& stores_;
  Clock clock_;
  std::function<void()> told_;
  SilenceWatch watch_;
};

}  // namespace wghub
