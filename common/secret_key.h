// 32 secret bytes: made, turned into a public key, used to seal and open other secrets (OpenSSL). Leaves where they are
// kept to their users.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "common/descriptor.h"
#include "common/key.h"

namespace wghub {

/// An X25519 private key, or a key that seals; wiped on destruction, and it cannot be copied.
struct SecretKey {
  std::array<std::uint8_t, 32> bytes{};

  SecretKey() = default;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();
};

/// Reads a key of exactly 32 bytes from a file's start to its end; false when it is not that.
bool read_key(const Descriptor& file, SecretKey& key);

/// Fills in a new key of either use; false when there are no random bytes.
bool make_key(SecretKey& key);

/// The X25519 public key that belongs to a private one; nothing when OpenSSL refuses it.
std::optional<PublicKey> public_key_of(const SecretKey& private_key);

/// What AES-256-GCM needs besides the sealed text; stored beside it.
struct Seal {
  std::array<std::uint8_t, 12> nonce{};
  std::array<std::uint8_t, 16> tag{};
};

/// Seals text in place under a new nonce; associated is not sealed but bound to it. False, and the text is wiped, when
/// OpenSSL fails.
bool seal(const SecretKey& sealing_key, std::span<const std::uint8_t> associated, std::span<std::uint8_t> text,
          Seal& made);

/// Opens it in place. False, and the text is worthless, when anything differs from what was sealed.
bool unseal(const SecretKey& sealing_key, std::span<const std::uint8_t> associated, const Seal& seal,
            std::span<std::uint8_t> text);

}  // namespace wghub
