#include "wgprivd/engine/hub_key.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "common/log.h"

namespace wghub {
namespace {

// Seals the private key into the file's content, or opens it out of it; when opening, the tag is checked.
bool crypt(bool sealing, const SecretKey& sealing_key, SealedKey& sealed, SecretKey& private_key) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> holder(EVP_CIPHER_CTX_new(),
                                                                               EVP_CIPHER_CTX_free);
  auto* context = holder.get();
  const auto& [header, nonce, text, tag] = sealed;
  auto* const from = sealing ? private_key.bytes.data() : sealed.text.data();
  auto* const to = sealing ? sealed.text.data() : private_key.bytes.data();
  int length = 0;
  return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nullptr, sealing_key.bytes.data(), nonce.data(), sealing) == 1 &&
         EVP_CipherUpdate(context, nullptr, &length, header.data(), header.size()) == 1 &&
         (sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, tag.size(), sealed.tag.data()) == 1) &&
         EVP_CipherUpdate(context, to, &length, from, text.size()) == 1 &&
         EVP_CipherFinal_ex(context, to + length, &length) == 1 &&
         (!sealing || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, tag.size(), sealed.tag.data()) == 1);
}

}  // namespace

std::optional<PublicKey> public_key_of(const SecretKey& private_key) {
  const auto& bytes = private_key.bytes;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()), EVP_PKEY_free);
  PublicKey key;
  std::size_t length = key.bytes.size();
  if (!pair || EVP_PKEY_get_raw_public_key(pair.get(), key.bytes.data(), &length) != 1) return std::nullopt;
  return key;
}

HubKey::HubKey(const StateDirectory& directory, const SecretKey& sealing_key)
    : directory_(directory), sealing_key_(sealing_key) {
  const auto sealed = directory.read_record<SealedKey>("hub.key");
  if (!sealed) return;
  sealed_ = *sealed;
  SecretKey private_key;
  if (unseal(private_key)) public_key_ = public_key_of(private_key);
  if (!public_key_) throw DamagedState("hub.key: changed, or sealed with another key-encryption key");
}

bool HubKey::generate() {
  SecretKey private_key;
  SealedKey sealed;
  // Any 32 random bytes are a private key: X25519 itself sets the bits that must be set (RFC 7748 §5).
  const bool made = RAND_priv_bytes(private_key.bytes.data(), private_key.bytes.size()) == 1 &&
                    RAND_bytes(sealed.nonce.data(), sealed.nonce.size()) == 1 &&
                    crypt(true, sealing_key_, sealed, private_key);
  if (!made) log::error("the hub's key cannot be made");
  if (public_key_ || !made || !directory_.replace("hub.key", bytes_of(sealed))) return false;
  sealed_ = sealed;
  public_key_ = public_key_of(private_key);
  return public_key_.has_value();
}

bool HubKey::unseal(SecretKey& private_key) const {
  auto sealed = sealed_;
  return sealed.header == SealedKey{}.header && crypt(false, sealing_key_, sealed, private_key);
}

}  // namespace wghub
