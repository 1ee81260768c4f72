// The calls of proto/wgprivd.capnp, turned into records and back, for the one caller who may connect. Decides nothing
// but form: lengths, counts, version. Leaves finding the socket and giving up privileges to main.cpp, the order of
// records to EngineQueue and every rule to the engine, which checks all of it again.
#pragma once

#include <kj/async-io.h>
#include <sys/types.h>

#include <string>

namespace wghub {

struct FrontOptions {
  std::string engine_path;
  uid_t caller = 0;  ///< the only user whose connections are served
  kj::Duration idle = 60 * kj::SECONDS;
};

/// Each connection is given the contract's bootstrap capability. Errors of its calls: kj exceptions of type OVERLOADED
/// when too many are open or the engine does not answer. Serves until nobody has been connected for options.idle. Once
/// per event loop, which must outlive the promise.
kj::Promise<void> run_front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener,
                            const FrontOptions& options);

}  // namespace wghub
