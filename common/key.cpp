#include "common/key.h"

#include <openssl/evp.h>

#include <algorithm>

#include "common/digest.h"

namespace wghub {
namespace {

constexpr std::size_t kBase64Length = 44;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// The last of 43 sextets carries four bits of the key; the other two are zero.
constexpr std::string_view kLastSextets = "AEIMQUYcgkosw048";

using Bytes = std::array<std::uint8_t, 32>;

// p = 2^255 - 19, little-endian.
constexpr Bytes kPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

// Canonical encodings of the points of order 1, 2, 4 and 8; the rest of the known list is at or above p.
constexpr std::array<Bytes, 5> kLowOrder = {{
    {},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

bool is_below(const Bytes& left, const Bytes& right) {
  return std::lexicographical_compare(left.rbegin(), left.rend(), right.rbegin(), right.rend());
}

}  // namespace

std::optional<PublicKey> parse_public_key(std::string_view base64) {
  if (base64.size() != kBase64Length || base64.back() != '=') return std::nullopt;
  if (base64.find_first_not_of(kAlphabet) != kBase64Length - 1) return std::nullopt;
  if (kLastSextets.find(base64[kBase64Length - 2]) == std::string_view::npos) return std::nullopt;
  std::array<std::uint8_t, 33> decoded{};
  const auto* text = reinterpret_cast<const unsigned char*>(base64.data());
  if (EVP_DecodeBlock(decoded.data(), text, kBase64Length) != static_cast<int>(decoded.size())) return std::nullopt;
  PublicKey key;
  std::copy_n(decoded.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

std::string to_base64(const PublicKey& key) {
  std::array<unsigned char, kBase64Length + 1> text{};
  EVP_EncodeBlock(text.data(), key.bytes.data(), static_cast<int>(key.bytes.size()));
  return {reinterpret_cast<const char*>(text.data()), kBase64Length};
}

std::string to_hex(const PublicKey& key) { return to_hex(key.bytes); }

bool is_usable(const PublicKey& key) {
  if (!is_below(key.bytes, kPrime)) return false;
  return std::find(kLowOrder.begin(), kLowOrder.end(), key.bytes) == kLowOrder.end();
}

}  // namespace wghub
