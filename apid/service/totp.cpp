#include "apid/service/totp.h"

#include <liboath/oath.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace wghub::totp {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr std::size_t kRecoveryBytes = 10;
constexpr std::size_t kRecoveryCharacters = 16;
constexpr std::size_t kGroup = 4;
constexpr std::size_t kDigits = 6;
constexpr unsigned kStepSeconds = 30;
constexpr std::size_t kWindow = 1;
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

// liboath's buffers come from malloc; they hold secrets.
struct Wiped {
  std::size_t size = 0;
  void operator()(char* text) const {
    sodium_memzero(text, size);
    std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): liboath's
  }
};
using Buffer = std::unique_ptr<char, Wiped>;

template <std::size_t size>
Secret random_base32(const RandomBytes& random) {
  std::array<std::uint8_t, size> bytes{};
  random(bytes);
  char* text = nullptr;
  std::size_t length = 0;
  const int result = oath_base32_encode(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &text, &length);
  sodium_memzero(bytes.data(), bytes.size());
  if (result != OATH_OK) throw std::runtime_error("base32 cannot be written");
  const Buffer buffer(text, Wiped{length});
  return Secret(std::string_view(text, length));
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

}  // namespace

Secret make_secret(const RandomBytes& random) { return random_base32<kSecretBytes>(random); }

// A user name may hold '@', which a path takes as it is; no other of its characters means anything there.
Secret uri_of(const Secret& secret, std::string_view username) {
  std::string uri = "otpauth://totp/WireGuard%20Hub:";
  uri.append(username).append("?secret=").append(secret.reveal());
  uri += "&issuer=WireGuard%20Hub&algorithm=SHA1&digits=6&period=30";
  return Secret(std::move(uri));
}

std::optional<std::int64_t> step_of(const Secret& secret, std::string_view code, std::int64_t now) {
  if (!is_code(code)) return std::nullopt;
  char* text = nullptr;
  std::size_t length = 0;
  if (oath_base32_decode(secret.reveal().data(), secret.reveal().size(), &text, &length) != OATH_OK)
    throw std::runtime_error("a stored second factor cannot be read");
  const Buffer key(text, Wiped{length});
  const std::string digits(code);
  int position = 0;
  std::uint64_t step = 0;
  const int result =
      oath_totp_validate4(key.get(), length, now, kStepSeconds, 0, kWindow, &position, &step, 0, digits.c_str());
  if (result < 0) return std::nullopt;
  return static_cast<std::int64_t>(step);
}

Secret make_recovery_code(const RandomBytes& random) {
  const Secret plain = random_base32<kRecoveryBytes>(random);
  std::string code;
  for (const char character : plain.reveal()) {
    if (code.size() % (kGroup + 1) == kGroup) code.push_back('-');
    code.push_back(is_digit(character) ? character : static_cast<char>(character - 'A' + 'a'));
  }
  return Secret(std::move(code));
}

Secret normalised(std::string_view typed) {
  std::string text;
  for (const char character : typed) {
    if (character == ' ' || character == '-') continue;
    text.push_back(character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character);
  }
  return Secret(std::move(text));
}

bool is_code(std::string_view text) {
  return text.size() == kDigits && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_recovery_code(std::string_view text) {
  return text.size() == kRecoveryCharacters && text.find_first_not_of(kBase32) == std::string_view::npos;
}

}  // namespace wghub::totp
