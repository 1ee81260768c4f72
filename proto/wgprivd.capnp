@0xb1f4a3d0c86e5a27;
# The one contract between apid and the helper's front. Version 1.
# Keys are 32 bytes, addresses 4 or 16 bytes in network order; anything of another length is refused as malformed.
# Expected refusals are values of Outcome; an exception means that the front itself is broken or overloaded.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wghub::proto");

const protocolVersion :UInt32 = 1;

enum Outcome {
  # What became of a request or of one item of it. Same words and order as EngineOutcome in common/engine_record.h.
  done @0;
  unchanged @1;          # it was so already
  deferred @2;           # not tried within the call's time: send again
  interfaceMissing @3;   # configure first
  malformed @4;
  keyExists @5;
  keyMissing @6;
  notConfigured @7;
  networkNotAllowed @8;
  networkOverlap @9;
  policyMismatch @10;    # the answer carries the policy in force
  interfaceExists @11;   # a wg0 that is not ours
  invalidKey @12;
  hubKey @13;
  addressOutside @14;
  addressReserved @15;
  addressHeld @16;
  replacesMismatch @17;
  presharedKey @18;      # reserved: refused when set
  staleSnapshot @19;
  failed @20;
}

enum Backend {
  none @0;
  kernel @1;
  userspace @2;
}

struct Policy {
  # The interface as the hub wants it.
  network @0 :Data;      # network address, 4 or 16 bytes
  prefix @1 :UInt8;
  port @2 :UInt16;
  mtu @3 :UInt32;        # bytes
}

struct PeerItem {
  key @0 :Data;          # 32 bytes
  ipv4 @1 :Data;         # one host address, 4 bytes, or empty
  ipv6 @2 :Data;         # one host address, 16 bytes, or empty
  replaces @3 :Data;     # the key that holds this address now, 32 bytes, or empty
  presharedKey @4 :Data; # reserved
}

struct PeerStatus {
  key @0 :Data;
  ipv4 @1 :Data;         # empty when the peer has none
  ipv6 @2 :Data;
  otherAddresses @3 :Bool;  # has allowed IPs besides one host address per family
  endpoint @4 :Data;     # 4 or 16 bytes, empty when not known
  endpointPort @5 :UInt16;
  lastHandshake @6 :Int64;  # seconds since the epoch, 0 = never
  receivedBytes @7 :UInt64;
  sentBytes @8 :UInt64;
}

interface Wgprivd {
  # The bootstrap capability of the socket. At most 256 items a call.

  hello @0 (protocolVersion :UInt32)
      -> (outcome :Outcome, version :UInt32, backend :Backend, hubPublicKey :Data, policyDigest :Data,
          policy :Policy, interfaceUp :Bool, linkGeneration :UInt64);
  # Key, digest and policy are empty until they exist. Another protocol version than ours: malformed.

  generateKey @1 () -> (outcome :Outcome, hubPublicKey :Data);
  # keyExists carries the key that exists.

  configure @2 (policy :Policy) -> (outcome :Outcome, created :Bool, policy :Policy, linkGeneration :UInt64);
  # done: the interface is up; created says that it was made anew, so without peers.

  addPeers @3 (peers :List(PeerItem)) -> (outcomes :List(Outcome));
  removePeers @4 (keys :List(Data)) -> (outcomes :List(Outcome));
  # One outcome an item, in order.

  status @5 (snapshot :UInt64, cursor :UInt32)
      -> (outcome :Outcome, interfaceUp :Bool, snapshot :UInt64, peers :List(PeerStatus), nextCursor :UInt32,
          lastPage :Bool, complete :Bool, total :UInt32, linkGeneration :UInt64);
  # Cursor 0 takes one dump into a new snapshot; the argument snapshot then does not count.

  watch @6 (linkGeneration :UInt64) -> (linkGeneration :UInt64);
  # Returns when the generation differs from the argument, or after 25 s.
}
