// What the privileged program will do, all of it: one handler a record, each "policy says no first, then one
// operation". Leaves sockets and callers to Server, files and netlink to its parts.
#pragma once

#include "common/limited_warnings.h"
#include "wgprivd/engine/interface.h"

namespace wghub {

class Engine {
 public:
  /// The parts must outlive this. Changes nothing.
  Engine(HubKey& key, PolicyFile& policy, Journal& journal, Interface& interface);

  /// Does what one record asks and returns the answer, valid until the next call.
  std::span<const std::byte> answer(std::span<const std::byte> record);

  /// Fills in what every record says of the engine: key, policy, interface.
  void describe(EngineReply& reply) const;

  /// Brings the interface up with key, address and all peers of the journal. Returns false, with a log line, on
  /// failure.
  bool restore();

  /// To be called once a second: additions reach the disk, the sum of refusals beyond the limit reaches the log.
  void tick();

 private:
  struct Operation;
  static const Operation kOperations[];

  EngineOutcome hello(const EngineRequest& request);
  EngineOutcome generate_key(const EngineRequest& request);
  EngineOutcome configure(const EngineRequest& request);
  EngineOutcome add_peer(const EngineRequest& request);
  EngineOutcome remove_peer(const EngineRequest& request);
  EngineOutcome status(const EngineRequest& request);

  EngineOutcome dispatch(std::span<const std::byte> record);
  EngineOutcome check_peer(const EngineRequest& request, const PublicKey* replaces) const;

  HubKey& key_;
  PolicyFile& policy_;
  Journal& journal_;
  Interface& interface_;
  EngineStatusPage page_;
  log::LimitedWarnings refusals_{100};  ///< a second
};

}  // namespace wghub
