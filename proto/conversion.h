// The records of common/engine_record.h as messages of the contract, and back, for both of its ends: so they cannot
// drift apart. Checks lengths and nothing else.
#pragma once

#include "common/engine_record.h"
#include "proto/wgprivd.capnp.h"

namespace wghub::proto {

/// All bytes zero means that there is none, which is empty in a message. The bytes must outlive the result.
capnp::Data::Reader to_data(std::span<const std::uint8_t> bytes);

/// False when the length is another; an optional one may also be empty.
bool from_data(capnp::Data::Reader from, std::span<std::uint8_t> to);
bool from_optional_data(capnp::Data::Reader from, std::span<std::uint8_t> to);

/// Values that the other end's version does not know become failed.
Outcome to_outcome(EngineOutcome outcome);
EngineOutcome from_outcome(Outcome outcome);

/// Each decode is false when a field has a length that it cannot have.
void encode(const EnginePolicy& from, Policy::Builder to);
bool decode(Policy::Reader from, EnginePolicy& to);

/// Of the request: key, addresses, replaces and the flags. A preshared key is passed on as its flag only.
void encode(const EngineRequest& from, PeerItem::Builder to);
bool decode(PeerItem::Reader from, EngineRequest& to);

void encode(const EnginePeer& from, PeerStatus::Builder to);
bool decode(PeerStatus::Reader from, EnginePeer& to);

}  // namespace wghub::proto
