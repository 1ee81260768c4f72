// WireGuard public keys: form, validity, texts. Makes no keys and holds no private ones.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wghub {

/// A Curve25519 public key as WireGuard writes it on the wire.
/// Shape: 32 bytes, little-endian u-coordinate.
struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;
};

/// Reads the base64 form, 43 characters and '='; nothing when the form is not exactly that (install-scripts.md R4).
std::optional<PublicKey> parse_public_key(std::string_view base64);

std::string to_base64(const PublicKey& key);
std::string to_hex(const PublicKey& key);

/// Whether a peer may have this key: bit 255 clear, below p = 2^255 - 19, and no low-order point.
/// Source: RFC 7748 §5; the list of low-order encodings is that of https://cr.yp.to/ecdh.html "validate".
bool is_usable(const PublicKey& key);

}  // namespace wghub
