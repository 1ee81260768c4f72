#include "wgprivd/engine/hub_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

#include "common/log.h"

namespace wghub {
namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using KeyPair = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// The file's layout. The header is the associated data.
constexpr std::array<std::uint8_t, 12> kHeader = {'W', 'G', 'H', 'U', 'B', 'K', 'E', 'Y', 1, 0, 0, 0};
constexpr std::size_t kNonceAt = 12;
constexpr int kNonceLength = 12;
constexpr std::size_t kTextAt = 24;
constexpr int kTextLength = 32;
constexpr std::size_t kTagAt = 56;
constexpr int kTagLength = 16;
constexpr std::size_t kSealedLength = 72;

bool seal(const SecretKey& sealing_key, const SecretKey& private_key, std::vector<std::uint8_t>& sealed) {
  sealed.assign(kSealedLength, 0);
  std::copy(kHeader.begin(), kHeader.end(), sealed.begin());
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  auto* c = context.get();
  int length = 0;
  return c != nullptr && RAND_bytes(&sealed[kNonceAt], kNonceLength) == 1 &&
         EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), nullptr, sealing_key.bytes.data(), &sealed[kNonceAt]) == 1 &&
         EVP_EncryptUpdate(c, nullptr, &length, kHeader.data(), kHeader.size()) == 1 &&
         EVP_EncryptUpdate(c, &sealed[kTextAt], &length, private_key.bytes.data(), kTextLength) == 1 &&
         EVP_EncryptFinal_ex(c, &sealed[kTagAt], &length) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, kTagLength, &sealed[kTagAt]) == 1;
}

bool open_sealed(const SecretKey& sealing_key, std::vector<std::uint8_t> sealed, SecretKey& private_key) {
  if (sealed.size() != kSealedLength || !std::equal(kHeader.begin(), kHeader.end(), sealed.begin())) return false;
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  auto* c = context.get();
  int length = 0;
  return c != nullptr &&
         EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), nullptr, sealing_key.bytes.data(), &sealed[kNonceAt]) == 1 &&
         EVP_DecryptUpdate(c, nullptr, &length, kHeader.data(), kHeader.size()) == 1 &&
         EVP_DecryptUpdate(c, private_key.bytes.data(), &length, &sealed[kTextAt], kTextLength) == 1 &&
         EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, kTagLength, &sealed[kTagAt]) == 1 &&
         EVP_DecryptFinal_ex(c, &sealed[kTagAt], &length) == 1;
}

bool make_private_key(SecretKey& private_key) {
  const KeyPair pair(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"), EVP_PKEY_free);
  std::size_t length = private_key.bytes.size();
  return pair && EVP_PKEY_get_raw_private_key(pair.get(), private_key.bytes.data(), &length) == 1;
}

}  // namespace

std::optional<PublicKey> public_key_of(const SecretKey& private_key) {
  const auto& bytes = private_key.bytes;
  const KeyPair pair(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()), EVP_PKEY_free);
  PublicKey key;
  std::size_t length = key.bytes.size();
  if (!pair || EVP_PKEY_get_raw_public_key(pair.get(), key.bytes.data(), &length) != 1) return std::nullopt;
  return key;
}

HubKey::HubKey(const StateDirectory& directory, const SecretKey& sealing_key)
    : directory_(directory), sealing_key_(sealing_key) {
  auto sealed = directory.read(kFile, kSealedLength);
  if (!sealed) return;
  sealed_ = std::move(*sealed);
  SecretKey private_key;
  if (unseal(private_key)) public_key_ = public_key_of(private_key);
  if (!public_key_) throw DamagedState("hub.key: changed, or sealed with another key-encryption key");
}

bool HubKey::generate() {
  if (public_key_) return false;
  SecretKey private_key;
  std::vector<std::uint8_t> sealed;
  if (!make_private_key(private_key) || !seal(sealing_key_, private_key, sealed)) {
    log::error("the hub's key cannot be made");
    return false;
  }
  if (!directory_.replace(kFile, sealed)) return false;
  sealed_ = std::move(sealed);
  public_key_ = public_key_of(private_key);
  return public_key_.has_value();
}

bool HubKey::unseal(SecretKey& private_key) const {
  return open_sealed(sealing_key_, sealed_, private_key);
}

}  // namespace wghub
