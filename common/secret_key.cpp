#include "common/secret_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <unistd.h>

#include <iterator>
#include <memory>

namespace wghub {
namespace {

// One direction or the other; the tag is read when sealing and checked when opening.
bool crypt(bool sealing, const SecretKey& key, std::span<const std::uint8_t> associated, Seal& seal,
           std::span<std::uint8_t> text) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> holder(EVP_CIPHER_CTX_new(),
                                                                               EVP_CIPHER_CTX_free);
  auto* const context = holder.get();
  const auto size = static_cast<int>(text.size());
  const auto tag_size = static_cast<int>(seal.tag.size());
  int length = 0;
  return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nullptr, key.bytes.data(), seal.nonce.data(), sealing) == 1 &&
         EVP_CipherUpdate(context, nullptr, &length, associated.data(), static_cast<int>(associated.size())) == 1 &&
         (sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, tag_size, seal.tag.data()) == 1) &&
         EVP_CipherUpdate(context, text.data(), &length, text.data(), size) == 1 &&
         EVP_CipherFinal_ex(context, text.data() + length, &length) == 1 &&
         (!sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, tag_size, seal.tag.data()) == 1);
}

}  // namespace

SecretKey::~SecretKey() { explicit_bzero(bytes.data(), bytes.size()); }

bool read_key(const Descriptor& file, SecretKey& key) {
  char more = 0;
  return file && read(file.get(), key.bytes.data(), key.bytes.size()) == std::ssize(key.bytes) &&
         read(file.get(), &more, 1) == 0;
}

// Any 32 random bytes are an X25519 private key: the function itself sets the bits that must be set (RFC 7748 §5).
bool make_key(SecretKey& key) { return RAND_priv_bytes(key.bytes.data(), static_cast<int>(key.bytes.size())) == 1; }

std::optional<PublicKey> public_key_of(const SecretKey& private_key) {
  const auto& bytes = private_key.bytes;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()), EVP_PKEY_free);
  PublicKey key;
  std::size_t length = key.bytes.size();
  if (!pair || EVP_PKEY_get_raw_public_key(pair.get(), key.bytes.data(), &length) != 1) return std::nullopt;
  return key;
}

bool seal(const SecretKey& sealing_key, std::span<const std::uint8_t> associated, std::span<std::uint8_t> text,
          Seal& made) {
  const bool done = RAND_bytes(made.nonce.data(), static_cast<int>(made.nonce.size())) == 1 &&
                    crypt(true, sealing_key, associated, made, text);
  if (!done) explicit_bzero(text.data(), text.size());
  return done;
}

bool unseal(const SecretKey& sealing_key, std::span<const std::uint8_t> associated, const Seal& seal,
            std::span<std::uint8_t> text) {
  auto copy = seal;
  return crypt(false, sealing_key, associated, copy, text);
}

}  // namespace wghub
