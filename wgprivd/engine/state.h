// What the engine keeps: the hub's key pair (D13), the accepted policy (D25), the journal of peers (D14). Leaves files
// to common/, what may be accepted to policy.h, and bringing peers back to Engine::restore.
#pragma once

#include "common/durable_map.h"
#include "common/engine_record.h"
#include "common/record_file.h"
#include "common/secret_key.h"

namespace wghub {

/// STATE/journal: the peers that the engine has set, so that a restart of the machine brings them back.
using Journal = DurableMap<PublicKey, EngineAddresses>;

/// STATE/policy: the accepted policy, fixed from the first peer on.
struct AcceptedPolicy {
  std::array<char, 12> header = {'W', 'G', 'H', 'U', 'B', 'P', 'O', 'L', 'I', 'C', 'Y', '1'};
  std::uint32_t fixed = 0;
  EnginePolicy policy;
  Digest checksum{};
};
using PolicyFile = RecordFile<AcceptedPolicy>;

/// STATE/hub.key; the header, which ends with the version, is bound to the sealed text.
struct SealedKey {
  std::array<std::uint8_t, 12> header = {'W', 'G', 'H', 'U', 'B', 'K', 'E', 'Y', 1, 0, 0, 0};
  Seal seal;
  std::array<std::uint8_t, 32> text{};
};

/// The hub's X25519 key pair: made here, kept sealed, unsealed only to be given to the interface.
class HubKey {
 public:
  /// Opens the sealed key when there is one. Both must outlive this.
  /// Errors: DamagedState when it cannot be opened with this sealing key.
  HubKey(const StateDirectory& directory, const SecretKey& sealing_key);

  /// Nothing until generate() was called once in the life of the state directory.
  const std::optional<PublicKey>& public_key() const { return public_key_; }

  /// Makes and stores the pair, where there is none. Returns false when there is one or, with a log line, on failure.
  bool generate();

  /// The private key, for as long as the caller needs it; false when there is none.
  bool unseal(SecretKey& private_key) const;

 private:
  const StateDirectory& directory_;
  const SecretKey& sealing_key_;
  std::optional<SealedKey> sealed_;
  std::optional<PublicKey> public_key_;
};

}  // namespace wghub
