#include "apid/service/identifiers.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "common/digest.h"

namespace wghub {
namespace {

constexpr std::size_t kSecretCharacters = 43;

std::string base64url(std::span<const std::uint8_t, 32> bytes) {
  std::array<char, kSecretCharacters + 1> text{};
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return {text.data(), kSecretCharacters};
}

bool is_base64url(char character) {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '-' || character == '_';
}

}  // namespace

std::string make_uuid(const RandomBytes& random, std::int64_t now) {
  boost::uuids::uuid id{};
  random({id.begin(), id.end()});
  const std::int64_t milliseconds = now * 1000;
  for (int i = 0; i < 6; ++i) id.data[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
  id.data[6] = static_cast<std::uint8_t>((id.data[6] & 0x0fU) | 0x70U);  // version 7
  id.data[8] = static_cast<std::uint8_t>((id.data[8] & 0x3fU) | 0x80U);  // RFC 9562's variant
  return boost::uuids::to_string(id);
}

Secret make_secret(const RandomBytes& random) {
  std::array<std::uint8_t, 32> bytes{};
  random(bytes);
  Secret secret(base64url(bytes));
  sodium_memzero(bytes.data(), bytes.size());
  return secret;
}

bool is_token_form(std::string_view text) {
  return text.size() == kSecretCharacters && std::all_of(text.begin(), text.end(), is_base64url);
}

bool is_uuid(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char character, char expected) {
    if (expected == '-') return character == '-';
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
  });
}

std::string sha256_hex(std::string_view text) { return to_hex(sha256(text)); }

std::string sha256_base64url(std::string_view text) { return base64url(sha256(text)); }

}  // namespace wghub
