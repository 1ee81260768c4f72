#include "apid/cli/backup/keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apid/cli/password_prompt.h"
#include "apid/cli/secret_file.h"
#include "common/descriptor.h"

namespace wghub::cli {
namespace {

constexpr std::size_t kLongest = 1024;
constexpr std::size_t kShortest = 12;
constexpr std::string_view kPublic = "whbp_";
constexpr std::string_view kPrivate = "whbs_";
constexpr std::size_t kTextBytes = 43;
constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

template <std::size_t Size>
bool decode(std::string_view text, std::string_view prefix, std::array<std::uint8_t, Size>& bytes) {
  if (!text.starts_with(prefix) || text.size() != prefix.size() + kTextBytes) return false;
  text.remove_prefix(prefix.size());
  std::size_t size = 0;
  return sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size, nullptr, kVariant) ==
             0 &&
         size == bytes.size();
}

template <std::size_t Size>
std::string encode(std::string_view prefix, const std::array<std::uint8_t, Size>& bytes) {
  std::string text(sodium_base64_ENCODED_LEN(Size, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the terminator
  text.insert(0, prefix);
  return text;
}

Secret first_line(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) != 0 || S_ISDIR(status.st_mode))
    throw Fault(Exit::wrong_use, fmt::format("{}: {}", path, file ? "is not a file" : std::strerror(errno)));
  if (S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
    throw Fault(Exit::wrong_use, path + ": everybody on this machine can read it; chmod 600 it");
  std::string text;
  text.reserve(kLongest + 1);  // a longer one would leave copies behind
  char character = 0;
  while (text.size() <= kLongest && ::read(file.get(), &character, 1) == 1 && character != '\n')
    text.push_back(character);
  return Secret(std::move(text));
}

}  // namespace

std::optional<PublicKey> parse_recipient(std::string_view text) {
  PublicKey key;
  if (!decode(text, kPublic, key.bytes) || !is_usable(key)) return std::nullopt;
  return key;
}

std::string recipient_text(const PublicKey& key) { return encode(kPublic, key.bytes); }

Secret secret_key_text(const SecretKey& key) { return Secret(encode(kPrivate, key.bytes)); }

void read_secret_key(const std::string& path, SecretKey& key) {
  const auto text = read_secret_file(path);
  if (!text) throw Fault(Exit::wrong_use, "");  // told already
  if (!decode(text->reveal(), kPrivate, key.bytes))
    throw Fault(Exit::wrong_use, path + ": its first line is no key of `wghub backup key`, which begins with whbs_");
}

Secret read_passphrase(const std::string& path, Passphrase which) {
  const auto asked = path.empty()
                         ? (which == Passphrase::chosen ? ask_password("passphrase") : ask_known_password("passphrase"))
                         : std::optional(first_line(path));
  if (!asked) throw Fault(Exit::wrong_use, "");  // told already
  const auto size = asked->reveal().size();
  if (size == 0 || size > kLongest) throw Fault(Exit::wrong_use, "the passphrase is empty, or longer than 1 KiB");
  if (which == Passphrase::chosen && size < kShortest)
    throw Fault(Exit::wrong_use, fmt::format("the passphrase has {} characters; {} are the least", size, kShortest));
  return *asked;
}

}  // namespace wghub::cli
