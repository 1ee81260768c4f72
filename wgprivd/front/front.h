// Accepts the helper's caller on a listening socket and gives each connection a service.
// Leaves finding the socket and giving up privileges to main.cpp.
#pragma once

#include <kj/async-io.h>
#include <sys/types.h>

#include <string>

#include "wgprivd/front/engine_queue.h"

namespace wghub {

struct FrontOptions {
  std::string engine_path;
  uid_t caller = 0;  ///< the only user whose connections are served
  kj::Duration idle = 60 * kj::SECONDS;
};

/// One per event loop.
class Front final : private kj::TaskSet::ErrorHandler {
 public:
  Front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener, const FrontOptions& options);

  /// Serves until nobody has been connected for options.idle.
  kj::Promise<void> run() { return accept_all().exclusiveJoin(until_idle()); }

 private:
  kj::Promise<void> accept_all();
  kj::Promise<void> until_idle();
  void serve(kj::Own<kj::AsyncIoStream> stream);
  void taskFailed(kj::Exception&&) override {}  // a connection that ended badly has ended

  kj::Timer& timer_;
  kj::Own<kj::ConnectionReceiver> listener_;
  FrontOptions options_;
  EngineQueue engine_;
  unsigned connections_ = 0;
  unsigned open_calls_ = 0;
  kj::TimePoint last_used_;
  kj::TaskSet tasks_;
};

}  // namespace wghub
