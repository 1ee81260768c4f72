#include "wgprivd/engine/state.h"

namespace wghub {

HubKey::HubKey(const StateDirectory& directory, const SecretKey& sealing_key)
    : directory_(directory), sealing_key_(sealing_key), sealed_(directory.read_record<SealedKey>("hub.key")) {
  SecretKey private_key;
  if (unseal(private_key)) public_key_ = public_key_of(private_key);
  if (sealed_ && !public_key_) throw DamagedState("hub.key: changed, or sealed with another key-encryption key");
}

bool HubKey::generate() {
  if (public_key_) return false;
  SecretKey private_key;
  const auto public_key = make_key(private_key) ? public_key_of(private_key) : std::nullopt;
  SealedKey made;
  if (public_key) made.text = private_key.bytes;
  const bool sealed = public_key && seal(sealing_key_, made.header, made.text, made.seal);
  if (!sealed) log::error("the hub's key cannot be made");
  if (!sealed || !directory_.replace("hub.key", bytes_of(made))) return false;
  sealed_ = made;
  public_key_ = public_key;
  return true;
}

bool HubKey::unseal(SecretKey& private_key) const {
  if (sealed_) private_key.bytes = sealed_->text;
  return sealed_ && wghub::unseal(sealing_key_, sealed_->header, sealed_->seal, private_key.bytes);
}

}  // namespace wghub
