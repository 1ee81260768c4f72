// The helper's front: accepts apid on a listening socket and gives each connection a Service.
// Leaves finding the socket and dropping privileges to main.cpp.
#pragma once

#include <kj/async-io.h>
#include <sys/types.h>

#include <string>

#include "wgprivd/front/engine_queue.h"
#include "wgprivd/front/service.h"

namespace wghub {

struct FrontOptions {
  std::string engine_path;
  uid_t caller = 0;  ///< the only user whose connections are served
  kj::Duration idle = 60 * kj::SECONDS;
};

/// One per event loop; must outlive the loop's promises.
class Front final : private kj::TaskSet::ErrorHandler {
 public:
  static constexpr unsigned kConnections = 8;

  Front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener, const FrontOptions& options);

  /// Serves until nobody has been connected for options.idle.
  kj::Promise<void> run();

 private:
  class Connection;

  kj::Promise<void> accept_all();
  kj::Promise<void> until_idle();
  void serve(kj::Own<kj::AsyncIoStream> stream);
  void taskFailed(kj::Exception&& exception) override;

  kj::Timer& timer_;
  kj::Own<kj::ConnectionReceiver> listener_;
  FrontOptions options_;
  EngineQueue engine_;
  unsigned connections_ = 0;
  Service::Shared shared_;
  kj::TimePoint last_used_;
  kj::TaskSet tasks_;
};

}  // namespace wghub
