// Listening sockets, and the connections that they give. Reads and writes nothing.
#pragma once

#include <cstdint>
#include <string>

#include "common/address.h"
#include "common/descriptor.h"

namespace wghub::http {

/// Non-blocking listeners. Throw std::runtime_error naming what cannot be bound.
Descriptor listen_on(const std::string& address, std::uint16_t port);
Descriptor adopt_listener(int handed_over);

/// Mode 0600 from its first moment; a stale socket is removed, anything else at the path is an error.
Descriptor listen_on_path(const std::string& path);

std::uint16_t bound_port(int listener);

/// What an accept gave: a connection, "nothing there now", or out of descriptors or memory.
enum class AcceptOutcome { connection, nothing, exhausted };

struct Accepted {
  AcceptOutcome outcome = AcceptOutcome::nothing;
  Descriptor socket;
  Address peer;  ///< none on an AF_UNIX listener
};

Accepted accept_from(int listener);

}  // namespace wghub::http
