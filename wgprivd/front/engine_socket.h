// One connection to the engine: whole records in and out of a SOCK_SEQPACKET socket, checked for their form.
// Leaves order, deadlines and reconnecting to EngineQueue.
#pragma once

#include <kj/async-unix.h>

#include <memory>
#include <string>

#include "common/descriptor.h"
#include "common/engine_record.h"

namespace wghub {

class EngineSocket {
 public:
  enum class Received { record, nothing, lost };

  /// Connects without waiting; null when nobody listens at path (a socket of the service manager always does).
  static std::shared_ptr<EngineSocket> connect(kj::UnixEventPort& port, const std::string& path);

  /// Sends one record; false when the connection is lost.
  bool send(const EngineRequest& request);

  /// Takes one record of the right size and version into page; of a reply without peers only the head is set.
  Received receive(EngineStatusPage& page);

  /// Resolves when there is more to receive; ask only after receive() said nothing.
  kj::Promise<void> readable() { return observer_.whenBecomesReadable(); }

  /// Ends the connection, which also resolves readable(); the descriptor lives on until the last user lets go.
  void shut_down();

 private:
  EngineSocket(kj::UnixEventPort& port, Descriptor socket);

  Descriptor socket_;
  kj::UnixEventPort::FdObserver observer_;
};

}  // namespace wghub
