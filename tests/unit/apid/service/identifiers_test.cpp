#include "apid/service/identifiers.h"

#include <set>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

RandomBytes filled_with(std::uint8_t byte) {
  return [byte](std::span<std::uint8_t> bytes) { std::fill(bytes.begin(), bytes.end(), byte); };
}

}  // namespace

TEST_CASE("An id is a UUID of version 7 that sorts by its time") {
  for (const int byte : {0x00, 0x55, 0xff}) {
    const auto id = make_uuid(filled_with(static_cast<std::uint8_t>(byte)), 1'700'000'000);
    CHECK(is_uuid(id));
    CHECK(id[14] == '7');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
  }
  CHECK(make_uuid(filled_with(0xff), 1'700'000'000) < make_uuid(filled_with(0x00), 1'700'000'001));
}

TEST_CASE("A secret has the form of a token and every byte of it counts") {
  const auto secret = make_secret(filled_with(0xfb));
  CHECK(is_token_form(secret.reveal()));
  CHECK(secret.reveal() == "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
}

TEST_CASE("A token's form is 43 characters of base64url") {
  const std::string good(43, 'a');
  CHECK(is_token_form(good));
  for (const auto& bad :
       {std::string(), std::string(42, 'a'), std::string(44, 'a'), good.substr(1) + "+", good.substr(1) + "/",
        good.substr(1) + "=", good.substr(1) + "\n", good.substr(1) + std::string(1, '\0'), good.substr(1) + "\x80"})
    CHECK_FALSE(is_token_form(bad));
}

TEST_CASE("An id's form is a UUID in lower case") {
  CHECK(is_uuid("0f8fad5b-d9cb-469f-a165-70867728950e"));
  for (const char* bad : {"", "0F8FAD5B-d9cb-469f-a165-70867728950e", "0f8fad5bd9cb469fa16570867728950e",
                          "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950e ",
                          "0f8fad5b-d9cb-469f-a165-7086772895g0", "{0f8fad5b-d9cb-469f-a165-70867728950}"})
    CHECK_FALSE(is_uuid(bad));
}

TEST_CASE("Hashes are SHA-256") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_base64url("abc") == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
}
