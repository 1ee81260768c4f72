#include "wgprivd/engine/uapi.h"

#include "tests/catch.hpp"

using namespace wghub;

namespace {

const std::string kHexA(64, 'a');
const std::string kHexB = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

bool take_all(UapiAnswer& answer, std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (!answer.take(text.substr(0, end))) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

TEST_CASE("UapiDumpIsUnderstood") {
  Dump state;
  UapiAnswer answer(&state);
  const auto text =
      "private_key=77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a\n"
      "listen_port=51820\nfwmark=1\npublic_key=" +
      kHexB + "\npreshared_key=" + std::string(64, '0') +
      "\nendpoint=192.0.2.7:4500\nlast_handshake_time_sec=1700000000\nlast_handshake_time_nsec=5\n"
      "tx_bytes=12\nrx_bytes=18446744073709551615\nallowed_ip=10.0.1.2/32\nallowed_ip=fd00::2/128\n"
      "public_key=" +
      kHexA +
      "\nendpoint=[2001:db8::1]:1\nallowed_ip=10.0.0.0/8\nprotocol_version=1\n"
      "errno=0\n\n";
  REQUIRE(take_all(answer, text));
  REQUIRE(answer.is_finished());
  CHECK(answer.error() == 0);
  CHECK(to_hex(state.key) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(state.port == 51820);
  REQUIRE(state.peers.size() == 2);
  const auto& first = state.peers[0];
  CHECK(to_hex(PublicKey{first.key}) == kHexB);
  CHECK(to_string(first.addresses) == "10.0.1.2,fd00::2");
  CHECK(first.flags == 0);
  CHECK(first.endpoint_family == 4);
  CHECK(first.endpoint[0] == 192);
  CHECK(first.endpoint_port == 4500);
  CHECK(first.last_handshake == 1700000000);
  CHECK(first.sent_bytes == 12);
  CHECK(first.received_bytes == 18446744073709551615ULL);
  CHECK(state.peers[1].endpoint_family == 6);
  CHECK(state.peers[1].flags == EnginePeer::kOtherAddresses);
}

TEST_CASE("UapiAnswerOfASetIsItsErrno") {
  UapiAnswer refused(nullptr);
  REQUIRE(take_all(refused, "errno=-22\n\n"));
  CHECK(refused.is_finished());
  CHECK(refused.error() == -22);
  UapiAnswer talkative(nullptr);
  CHECK_FALSE(take_all(talkative, "public_key=" + kHexA + "\n"));
}

TEST_CASE("UapiAnswerRefusesWhatIsNotOfTheProtocol") {
  for (const auto& text :
       {std::string("\n"), std::string("errno\n"), std::string("errno=\n"), std::string("errno=1x\n"),
        std::string("errno=0\nlisten_port=1\n"), std::string("errno=0\n\n\n"), std::string("nonsense\n"),
        std::string("listen_port=65536\n"), std::string("listen_port=-1\n"), std::string("private_key=00\n"),
        "public_key=" + kHexA.substr(1) + "\n", "public_key=" + kHexA.substr(1) + "g\n",
        "public_key=" + kHexA + "\nrx_bytes=18446744073709551616\n", "public_key=" + kHexA + "\nrx_bytes=-1\n",
        "public_key=" + kHexA + "\nallowed_ip=10.0.0.1\n", "public_key=" + kHexA + "\nallowed_ip=10.0.0.1/33\n",
        "x=" + std::string(kUapiLineLimit, 'x') + "\n"}) {
    Dump state;
    UapiAnswer answer(&state);
    INFO(text);
    CHECK_FALSE(take_all(answer, text));
  }
}

TEST_CASE("UapiEndpointThatCannotBeReadIsNone") {
  for (const auto* endpoint : {"[fe80::1%eth0]:51820", "host:1", "1.2.3.4", "[]:5", ":", "1.2.3.4:99999"}) {
    Dump state;
    UapiAnswer answer(&state);
    REQUIRE(take_all(answer, "public_key=" + kHexA + "\nendpoint=" + endpoint + "\n"));
    CHECK(state.peers[0].endpoint_family == 0);
  }
}

TEST_CASE("UapiReplacementIsOneRequest") {
  PublicKey old;
  old.bytes.fill(0x11);
  PublicKey key;
  key.bytes.fill(0x22);
  EngineAddresses addresses;
  addresses.ipv4 = {10, 0, 1, 2};
  const PeerChange changes[] = {{PeerChange::Kind::remove, old, {}}, {PeerChange::Kind::set, key, addresses}};
  CHECK(uapi_set({.peers = changes}) == "set=1\npublic_key=" + to_hex(old) + "\nremove=true\npublic_key=" +
                                            to_hex(key) + "\nreplace_allowed_ips=true\nallowed_ip=10.0.1.2/32\n\n");
  const PeerChange keep{PeerChange::Kind::keep, key, addresses};
  CHECK(uapi_set({.peers = {&keep, 1}}) == "set=1\npublic_key=" + to_hex(key) + "\nallowed_ip=10.0.1.2/32\n\n");
}

TEST_CASE("UapiDeviceRequestNamesKeyAndPort") {
  SecretKey private_key;
  private_key.bytes.fill(0xab);
  std::string hex;
  for (int i = 0; i < 32; ++i) hex += "ab";
  CHECK(uapi_set({&private_key, 51820, {}}) == "set=1\nprivate_key=" + hex + "\nlisten_port=51820\n\n");
}
