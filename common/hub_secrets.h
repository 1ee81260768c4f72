// What of the engine's state a backup holds: the hub's private key and the accepted policy, as one record that goes
// through a pipe between the engine's program and wghub, which root started. Leaves encryption to wghub; nothing that
// serves others includes the functions.
#pragma once

#include "common/descriptor.h"
#include "common/engine_record.h"
#include "common/record_file.h"
#include "common/sealed_key_pair.h"

namespace wghub {

/// STATE/hub.key: the hub's X25519 key pair, made by the engine and unsealed only to be given to the interface, or to
/// root's backup.
using HubKey = SealedKeyPair;

/// STATE/policy: the accepted policy, fixed from the first peer on.
struct AcceptedPolicy {
  std::array<char, 12> header = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};
using PolicyFile = RecordFile<AcceptedPolicy>;

/// The record. Wiped on destruction, and it cannot be copied.
struct HubSecrets {
  struct Content {
    std::array<char, 12> header = {'W', 'G', 'H', 'U', 'B', 'S', 'E', 'C', 'R', 'E', 'T', '1'};
    std::uint32_t fixed = 0;
    EnginePolicy policy;  ///< family 0: there is none yet
    std::array<std::uint8_t, 32> private_key{};
    Digest checksum{};
  } content;

  HubSecrets() = default;
  HubSecrets(const HubSecrets&) = delete;
  HubSecrets& operator=(const HubSecrets&) = delete;
  ~HubSecrets();
};

/// Whether it is what give_secrets made: format, checksum, and a policy that an engine would accept.
bool is_sound(const HubSecrets& secrets);

/// The program's whole work in this mode, confined: gives the secrets into the pipe, or takes them out of it and stores
/// them, sealed anew. Returns the exit code: 0, 66 (nothing to give), 73 (there is another key or policy), 65 (what
/// came is no such record), 74 (not written). Errors: std::runtime_error when descriptor is no pipe.
int exchange_secrets(HubKey& key, PolicyFile& policy, bool giving, const Descriptor& pipe);

}  // namespace wghub
