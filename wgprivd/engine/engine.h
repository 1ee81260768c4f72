// What the privileged program will do, all of it: one handler a record, each "policy says no first, then one
// operation". Leaves sockets and callers to Server, files and netlink to its parts.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/engine_record.h"
#include "wgprivd/engine/backend.h"
#include "wgprivd/engine/hub_key.h"
#include "wgprivd/engine/journal.h"
#include "wgprivd/engine/peer_table.h"
#include "wgprivd/engine/policy_file.h"
#include "wgprivd/engine/refusal_log.h"
#include "wgprivd/engine/route_netlink.h"

namespace wghub {

class Engine {
 public:
  struct Parts {
    std::string interface;
    HubKey& key;
    PolicyFile& policy;
    Journal& journal;
    RouteNetlink& route;
    Backend& backend;
  };

  /// Looks whether the interface is there and ours; changes nothing.
  explicit Engine(Parts parts);

  /// Does what one record asks and returns the answer, valid until the next call.
  std::span<const std::byte> answer(std::span<const std::byte> record);

  /// Reads what rtnetlink tells; the generation grows when the interface or its address came, went or changed.
  void read_link_news();
  std::uint64_t link_generation() const { return generation_; }

  /// The record that tells a client of a new generation.
  EngineReply link_changed_record() const;

  /// Brings the interface up with key, address and all peers of the journal. Returns false, with a log line, on
  /// failure.
  bool restore();

  /// To be called once a second: additions reach the disk, suppressed refusals the log.
  void tick();

 private:
  enum class Ownership { unknown, absent, foreign, unkeyed, ours };
  struct Operation;
  static const Operation kOperations[];

  EngineOutcome hello(const EngineRequest& request);
  EngineOutcome generate_key(const EngineRequest& request);
  EngineOutcome configure(const EngineRequest& request);
  EngineOutcome add_peer(const EngineRequest& request);
  EngineOutcome remove_peer(const EngineRequest& request);
  EngineOutcome status(const EngineRequest& request);

  EngineOutcome dispatch(std::span<const std::byte> record);
  void fill(EngineReply& reply) const;
  EngineOutcome check_peer(const EngineRequest& request, const PublicKey* replaces) const;
  EngineOutcome apply(std::span<const PeerChange> changes);
  EngineOutcome take_snapshot();
  EngineOutcome bring_up(Ownership before);
  void look_at_link();
  Ownership inspect();
  std::optional<Network> hub_network() const;

  Parts parts_;
  PeerTable peers_;
  DeviceState device_;  ///< the last dump, which is also the snapshot that pages are read from
  LinkState link_;
  bool ours_ = false;  ///< link_ is the interface with our key
  bool complete_ = false;
  std::uint64_t generation_;
  std::uint64_t snapshot_;
  EngineStatusPage page_;
  RefusalLog refusals_;
};

/// The word for an outcome in the log, as in engine_record.h.
const char* name_of(EngineOutcome outcome);

}  // namespace wghub
