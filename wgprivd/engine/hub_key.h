// The hub's X25519 key pair: made here, kept sealed, unsealed only to be given to the interface (D13).
// Leaves where the key-encryption key comes from to main.
#pragma once

#include "common/secret_key.h"
#include "common/state_directory.h"

namespace wghub {

/// STATE/hub.key; the header, which ends with the version, is bound to the sealed text.
struct SealedKey {
  std::array<std::uint8_t, 12> header = {'W', 'G', 'H', 'U', 'B', 'K', 'E', 'Y', 1, 0, 0, 0};
  Seal seal;
  std::array<std::uint8_t, 32> text{};
};

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
