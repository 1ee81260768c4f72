#include "apid/service/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>

namespace wghub {
namespace {

constexpr std::size_t kShortest = 12;  // characters
constexpr std::size_t kLongest = 256;  // bytes
constexpr std::size_t kMemory = 19ULL * 1024 * 1024;
constexpr unsigned long long kPasses = 2;
constexpr int kAtOnce = 2;
constexpr int kMostWaiting = 16;

// A valid hash of nothing that anybody knows, with our parameters.
constexpr const char* kDecoy =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$9sZ0Kxv0mVgEJz0nE0l1L2qIoB7QkqfXW8o0mZ8m8fQ";

// Patterns of leaked passwords of twelve characters and more: what is left when digits and signs at the ends are cut.
constexpr std::array<std::string_view, 34> kCommonWords = {"password",
                                                           "passwort",
                                                           "qwertyuiop",
                                                           "qwertyuiopas",
                                                           "qwerty",
                                                           "qwertz",
                                                           "qwertzuiop",
                                                           "letmein",
                                                           "iloveyou",
                                                           "welcome",
                                                           "administrator",
                                                           "admin",
                                                           "changeme",
                                                           "wireguard",
                                                           "wireguardhub",
                                                           "monkey",
                                                           "dragon",
                                                           "football",
                                                           "baseball",
                                                           "superman",
                                                           "batman",
                                                           "sunshine",
                                                           "princess",
                                                           "trustno",
                                                           "master",
                                                           "adminadmin",
                                                           "rootroot",
                                                           "passwordpassword",
                                                           "asdfghjkl",
                                                           "zxcvbnm",
                                                           "asdfasdfasdf",
                                                           "abcdefghijkl",
                                                           "abcdefghijklmnopqrstuvwxyz",
                                                           "correcthorsebatterystaple"};

std::string core_of(std::string_view password) {
  std::string lower;
  for (const char character : password)
    lower.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(character))));
  const auto is_letter = [](char character) { return std::isalpha(static_cast<unsigned char>(character)) != 0; };
  const auto first = std::find_if(lower.begin(), lower.end(), is_letter);
  const auto last = std::find_if(lower.rbegin(), lower.rend(), is_letter).base();
  return first < last ? std::string(first, last) : std::string();
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80; }));
}

std::size_t different_characters(std::string_view text) {
  std::string sorted(text);
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

}  // namespace

std::optional<std::string> password_fault(std::string_view password, std::string_view username) {
  if (code_points(password) < kShortest) return "must have at least 12 characters";
  if (password.size() > kLongest) return "must have at most 256 bytes";
  if (different_characters(password) < 5) return "repeats too few characters";
  const std::string core = core_of(password);
  const bool only_digits = core.empty();
  if (only_digits && password.find_first_not_of("0123456789") == std::string_view::npos)
    return "must not consist of digits alone";
  if (std::find(kCommonWords.begin(), kCommonWords.end(), core) != kCommonWords.end())
    return "is one of the most common passwords";
  if (!username.empty() && core == core_of(username)) return "must not be the username";
  return std::nullopt;
}

// Holds one of the two places.
class PasswordHasher::Turn {
 public:
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { hasher_.leave(); }

 private:
  PasswordHasher& hasher_;
};

Outcome<std::string> PasswordHasher::hash(std::string_view password) {
  if (auto fault = enter()) return *fault;
  const Turn turn(*this);
  std::array<char, crypto_pwhash_STRBYTES> encoded{};
  if (crypto_pwhash_str_alg(encoded.data(), password.data(), password.size(), kPasses, kMemory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw std::runtime_error("no memory for a password hash");
  return std::string(encoded.data());
}

Outcome<bool> PasswordHasher::verify(const std::string& encoded, std::string_view password) {
  if (auto fault = enter()) return *fault;
  const Turn turn(*this);
  const bool known = !encoded.empty();
  const bool matches =
      crypto_pwhash_str_verify(known ? encoded.c_str() : kDecoy, password.data(), password.size()) == 0;
  return known && matches;
}

std::optional<Error> PasswordHasher::enter() {
  std::unique_lock lock(mutex_);
  if (running_ >= kAtOnce && waiting_ >= kMostWaiting) {
    Error busy(ErrorCode::rate_limited);
    busy.retry_after = std::chrono::seconds(2);
    return busy;
  }
  ++waiting_;
  free_.wait(lock, [&] { return running_ < kAtOnce; });
  --waiting_;
  ++running_;
  return std::nullopt;
}

void PasswordHasher::leave() {
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  free_.notify_one();
}

}  // namespace wghub
