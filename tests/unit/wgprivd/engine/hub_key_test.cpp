#include "wgprivd/engine/state.h"

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/temporary_state.h"

using namespace wghub;

namespace {

void fill(SecretKey& key, std::uint8_t byte) { key.bytes.fill(byte); }

}  // namespace

TEST_CASE("HubKeyIsMadeOnceAndFoundAgain") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  SecretKey sealing_key;
  fill(sealing_key, 7);
  HubKey key(directory, "hub.key", sealing_key);
  CHECK_FALSE(key.public_key());
  REQUIRE(key.generate());
  CHECK_FALSE(key.generate());
  REQUIRE(key.public_key());
  CHECK(is_usable(*key.public_key()));

  const HubKey again(directory, "hub.key", sealing_key);
  REQUIRE(again.public_key());
  CHECK(*again.public_key() == *key.public_key());
  SecretKey private_key;
  REQUIRE(again.unseal(private_key));
  CHECK(public_key_of(private_key) == key.public_key());
}

TEST_CASE("HubKeyFileHoldsThePrivateKeyInNoForm") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  SecretKey sealing_key;
  HubKey key(directory, "hub.key", sealing_key);
  REQUIRE(key.generate());
  SecretKey private_key;
  REQUIRE(key.unseal(private_key));
  const PublicKey as_text{private_key.bytes};
  const std::string raw(private_key.bytes.begin(), private_key.bytes.end());
  const auto content = state.read("hub.key");
  CHECK(content.size() == 72);
  CHECK(content.find(raw) == std::string::npos);
  CHECK(content.find(to_hex(as_text)) == std::string::npos);
  CHECK(content.find(to_base64(as_text)) == std::string::npos);
}

TEST_CASE("HubKeyWithAnyBitFlippedIsRefused", "[T14]") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  SecretKey sealing_key;
  fill(sealing_key, 7);
  REQUIRE(HubKey(directory, "hub.key", sealing_key).generate());
  const auto sound = state.read("hub.key");
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    auto flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    state.write("hub.key", flipped);
    try {
      const HubKey key(directory, "hub.key", sealing_key);
      ++accepted;
    } catch (const DamagedState&) {
    }
  }
  CHECK(accepted == 0);
  WARN("the sealed key with each of its " << sound.size() * 8 << " bits flipped: " << accepted << " accepted");
  state.write("hub.key", sound);
  CHECK(HubKey(directory, "hub.key", sealing_key).public_key());
}

TEST_CASE("HubKeyOfAnotherLengthOrSealingKeyIsRefused", "[T14]") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  SecretKey sealing_key;
  SecretKey other;
  fill(other, 1);
  REQUIRE(HubKey(directory, "hub.key", sealing_key).generate());
  CHECK_THROWS_AS(HubKey(directory, "hub.key", other), DamagedState);
  const auto sound = state.read("hub.key");
  for (const auto& content : {std::string(), sound.substr(0, 71), sound + "x"}) {
    state.write("hub.key", content);
    CHECK_THROWS_AS(HubKey(directory, "hub.key", sealing_key), DamagedState);
  }
  WARN("another key-encryption key, and a sealed key that is empty, too short or too long: refused");
}

TEST_CASE("HubKeyPublicKeyIsThatOfRfc7748") {
  // RFC 7748 §6.1, Alice.
  SecretKey private_key;
  private_key.bytes = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
                       0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
  const auto key = public_key_of(private_key);
  REQUIRE(key);
  CHECK(to_hex(*key) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
}
