#include "wgprivd/engine/hub_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

#include "common/log.h"

namespace wghub {
namespace {

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

// Seals text into, or opens it out of, a file that has its header and nonce; when opening, the tag is checked.
bool crypt(bool sealing, const SecretKey& sealing_key, std::vector<std::uint8_t>& file, SecretKey& private_key) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> holder(EVP_CIPHER_CTX_new(),
                                                                               EVP_CIPHER_CTX_free);
  auto* context = holder.get();
  int length = 0;
  auto* const sealed = &file[kTextAt];
  auto* const open = private_key.bytes.data();
  return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nullptr, sealing_key.bytes.data(), &file[kNonceAt], sealing) ==
             1 &&
         EVP_CipherUpdate(context, nullptr, &length, kHeader.data(), kHeader.size()) == 1 &&
         EVP_CipherUpdate(context, sealing ? sealed : open, &length, sealing ? open : sealed, kTextLength) == 1 &&
         (sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagLength, &file[kTagAt]) == 1) &&
         EVP_CipherFinal_ex(context, open, &length) == 1 &&
         (!sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagLength, &file[kTagAt]) == 1);
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
  std::vector<std::uint8_t> sealed(kSealedLength);
  std::copy(kHeader.begin(), kHeader.end(), sealed.begin());
  if (RAND_bytes(&sealed[kNonceAt], kNonceLength) != 1 || !make_private_key(private_key) ||
      !crypt(true, sealing_key_, sealed, private_key)) {
    log::error("the hub's key cannot be made");
    return false;
  }
  if (!directory_.replace(kFile, sealed)) return false;
  sealed_ = std::move(sealed);
  public_key_ = public_key_of(private_key);
  return public_key_.has_value();
}

bool HubKey::unseal(SecretKey& private_key) const {
  if (sealed_.size() != kSealedLength || !std::equal(kHeader.begin(), kHeader.end(), sealed_.begin())) return false;
  auto sealed = sealed_;
  return crypt(false, sealing_key_, sealed, private_key);
}

}  // namespace wghub
