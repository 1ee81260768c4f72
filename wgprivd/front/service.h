// The calls of proto/wgprivd.capnp, turned into records and back. Decides nothing but form: lengths, counts, versions.
// Leaves the order of records to EngineQueue and every rule to the engine, which checks all of it again.
#pragma once

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include "proto/wgprivd.capnp.h"
#include "wgprivd/front/engine_queue.h"

namespace wghub {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // the generated base class, which kj::Own never deletes through

/// The bootstrap capability of one connection.
/// Errors: kj exceptions of type OVERLOADED when too many calls are open or the engine does not answer.
class Service final : public proto::Wgprivd::Server {
 public:
  static constexpr unsigned kOpenCalls = 64;  ///< of all connections

  /// What the services of all connections share; open_calls outlives a connection by the time its calls still take.
  struct Shared {
    EngineQueue& engine;
    kj::Timer& timer;
    unsigned open_calls = 0;
  };

  /// network and stream are those that the calls come from, and end before shared does.
  Service(Shared& shared, capnp::TwoPartyVatNetwork& network, kj::AsyncIoStream& stream);

  kj::Promise<void> hello(HelloContext context) override;
  kj::Promise<void> generateKey(GenerateKeyContext context) override;
  kj::Promise<void> configure(ConfigureContext context) override;
  kj::Promise<void> addPeers(AddPeersContext context) override;
  kj::Promise<void> removePeers(RemovePeersContext context) override;
  kj::Promise<void> status(StatusContext context) override;
  kj::Promise<void> watch(WatchContext context) override;

 private:
  kj::Promise<void> admitted(kj::Promise<void> call);
  void admit();

  Shared& shared_;
  EngineQueue& engine_;
  capnp::TwoPartyVatNetwork& network_;
  kj::AsyncIoStream& stream_;
};

#pragma GCC diagnostic pop

}  // namespace wghub
