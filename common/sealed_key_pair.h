// An X25519 key pair in a file: made here, kept sealed, unsealed only for its use. Leaves where the sealing key comes
// from to its user.
#pragma once

#include "common/log.h"
#include "common/secret_key.h"
#include "common/state_directory.h"

namespace wghub {

/// The file; the header, which ends with the version, is bound to the sealed text.
struct SealedKey {
  std::array<std::uint8_t, 12> header = {'W', 'G', 'H', 'U', 'B', 'K', 'E', 'Y', 1, 0, 0, 0};
  Seal seal;
  std::array<std::uint8_t, 32> text{};
};

class SealedKeyPair {
 public:
  /// Opens the sealed key when there is one. directory and sealing_key must outlive this.
  /// Errors: DamagedState when it cannot be opened with this sealing key.
  SealedKeyPair(const StateDirectory& directory, std::string name, const SecretKey& sealing_key)
      : directory_(directory),
        name_(std::move(name)),
        sealing_key_(sealing_key),
        sealed_(directory.read_record<SealedKey>(name_)) {
    SecretKey private_key;
    if (unseal(private_key)) public_key_ = public_key_of(private_key);
    if (sealed_ && !public_key_) throw DamagedState(name_ + ": changed, or sealed with another key-encryption key");
  }

  /// Nothing until generate() was called once in the life of the state directory.
  const std::optional<PublicKey>& public_key() const { return public_key_; }

  /// Makes and stores the pair, where there is none. Returns false when there is one or, with a log line, on failure.
  bool generate() {
    SecretKey private_key;
    if (public_key_ || !make_key(private_key)) return false;
    return adopt(private_key);
  }

  /// Stores the pair of this private key, where there is none or the same. Returns false when there is another or, with
  /// a log line, on failure.
  bool adopt(const SecretKey& private_key) {
    const auto public_key = public_key_of(private_key);
    if (public_key_) return public_key_ == public_key;
    SealedKey made;
    if (public_key) made.text = private_key.bytes;
    const bool sealed = public_key && seal(sealing_key_, made.header, made.text, made.seal);
    if (!sealed) log::error("a key cannot be made");
    if (!sealed || !directory_.replace(name_, bytes_of(made))) return false;
    sealed_ = made;
    public_key_ = public_key;
    return true;
  }

  /// The private key, for as long as the caller needs it; false when there is none.
  bool unseal(SecretKey& private_key) const {
    if (sealed_) private_key.bytes = sealed_->text;
    return sealed_ && wghub::unseal(sealing_key_, sealed_->header, sealed_->seal, private_key.bytes);
  }

 private:
  const StateDirectory& directory_;
  std::string name_;
  const SecretKey& sealing_key_;
  std::optional<SealedKey> sealed_;
  std::optional<PublicKey> public_key_;
};

}  // namespace wghub
