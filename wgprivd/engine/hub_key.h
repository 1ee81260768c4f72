// The hub's X25519 key pair: made here, kept sealed, unsealed only to be given to the interface (D13).
// Leaves where the key-encryption key comes from to main.
#pragma once

#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include "common/key.h"
#include "wgprivd/engine/state_file.h"

namespace wghub {

/// 32 secret bytes (a private key, or the key that seals it), wiped on destruction; it cannot be copied.
struct SecretKey {
  std::array<std::uint8_t, 32> bytes{};

  SecretKey() = default;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey() { explicit_bzero(bytes.data(), bytes.size()); }
};

/// The public key that belongs to a private one; nothing when OpenSSL refuses it.
std::optional<PublicKey> public_key_of(const SecretKey& private_key);

/// STATE/hub.key. AES-256-GCM; the header, which ends with the version, is its associated data.
struct SealedKey {
  std::array<std::uint8_t, 12> header = {'W', 'G', 'H', 'U', 'B', 'K', 'E', 'Y', 1, 0, 0, 0};
  std::array<std::uint8_t, 12> nonce{};
  std::array<std::uint8_t, 32> text{};
  std::array<std::uint8_t, 16> tag{};
};

class HubKey {
 public:
  /// Opens the sealed key when there is one. sealing_key must outlive this.
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
  SealedKey sealed_;
  std::optional<PublicKey> public_key_;
};

}  // namespace wghub
