// What services tell to those who watch: the dashboard's live stream. How it is written is the endpoint's.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "apid/model/alert.h"
#include "apid/model/cluster.h"
#include "apid/model/hub.h"
#include "apid/model/spoke.h"
#include "apid/model/token.h"

namespace wghub {

/// One pass of the reconciler that changed something.
struct ReconcileResult {
  int added = 0;
  int removed = 0;
  int corrected = 0;
  int foreign_kept = 0;
  int failed = 0;
};

/// Something that a person should look at.
struct Alarm {
  std::string kind;    ///< "second-key", "foreign-peer", "node-conflict" …
  std::string target;  ///< id or public key
  std::string text;
};

/// Handshakes and counters as they go on. Units: bytes since the start, over every spoke.
struct LiveFigures {
  std::int64_t received_bytes = 0;
  std::int64_t sent_bytes = 0;
  std::vector<LiveUpdate> spokes;  ///< those with a handshake that no event told yet
};

struct Event {
  std::string type;  ///< the names of docs/openapi.yaml "events"
  std::int64_t at = 0;
  std::variant<std::monostate, Token, Spoke, InstallReport, ReconcileResult, Alarm, Alert, HubConfig, Cluster,
               LiveFigures>
      subject;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Any thread; must not block.
  virtual void publish(const Event& event) = 0;
  /// The session or API token is over: its streams end.
  virtual void end_credential(const std::string& credential_id) = 0;
};

}  // namespace wghub
