#include "common/hub_secrets.h"

#include <fcntl.h>
#include <sysexits.h>

#include <array>

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/temporary_state.h"

using namespace wghub;

namespace {

EnginePolicy policy_of(const char* network) {
  const auto parsed = *parse_network(network);
  EnginePolicy policy{.family = 4, .prefix = parsed.prefix, .port = 51820, .mtu = 1420};
  std::copy_n(parsed.address.bytes.begin(), 4, policy.network.begin());
  return policy;
}

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// An engine's state, and what it gives and takes.
struct State {
  TemporaryState folder;
  StateDirectory directory{folder.path};
  SecretKey sealing_key;
  HubKey key;
  PolicyFile policy;

  explicit State(std::uint8_t sealing)
      : key((sealing_key.bytes.fill(sealing), directory), "hub.key", sealing_key), policy(directory, "policy") {}

  int give(HubSecrets& secrets) {
    auto [reading, writing] = make_pipe();
    const int code = exchange_secrets(key, policy, true, writing);
    writing = Descriptor();
    CHECK((read(reading.get(), &secrets.content, sizeof secrets.content) == sizeof secrets.content) == (code == 0));
    return code;
  }

  int take(Bytes bytes) {
    auto [reading, writing] = make_pipe();
    REQUIRE(write(writing.get(), bytes.data(), bytes.size()) == std::ssize(bytes));
    writing = Descriptor();
    return exchange_secrets(key, policy, false, reading);
  }
};

}  // namespace

TEST_CASE("WhatOneEngineGivesAnotherTakesAndSealsAnew") {
  State from(1);
  HubSecrets secrets;
  CHECK(from.give(secrets) == EX_NOINPUT);
  REQUIRE(from.key.generate());
  REQUIRE(from.policy.store({.fixed = 1, .policy = policy_of("10.1.0.0/16")}));
  REQUIRE(from.give(secrets) == EX_OK);
  REQUIRE(is_sound(secrets));

  State to(2);
  REQUIRE(to.take(bytes_of(secrets.content)) == EX_OK);
  CHECK(to.key.public_key() == from.key.public_key());
  CHECK(to.policy.current()->policy == from.policy.current()->policy);
  CHECK(to.policy.current()->fixed == 1);
  CHECK(from.folder.read("hub.key") != to.folder.read("hub.key"));
  CHECK(to.take(bytes_of(secrets.content)) == EX_OK);  // the same once more
}

TEST_CASE("AnotherKeyOrPolicyIsNeverReplaced") {
  State from(1);
  REQUIRE(from.key.generate());
  REQUIRE(from.policy.store({.fixed = 0, .policy = policy_of("10.1.0.0/16")}));
  HubSecrets secrets;
  REQUIRE(from.give(secrets) == EX_OK);
  State other_key(2);
  REQUIRE(other_key.key.generate());
  const auto before = other_key.folder.read("hub.key");
  CHECK(other_key.take(bytes_of(secrets.content)) == EX_CANTCREAT);
  CHECK(other_key.folder.read("hub.key") == before);
  CHECK_FALSE(other_key.policy.current());
  State other_policy(3);
  REQUIRE(other_policy.policy.store({.fixed = 1, .policy = policy_of("10.2.0.0/16")}));
  CHECK(other_policy.take(bytes_of(secrets.content)) == EX_CANTCREAT);
  CHECK_FALSE(other_policy.key.public_key());
}

TEST_CASE("ARecordThatIsNotWholeOrAllowsTooMuchIsRefused") {
  State from(1);
  REQUIRE(from.key.generate());
  REQUIRE(from.policy.store({.fixed = 1, .policy = policy_of("10.1.0.0/16")}));
  HubSecrets secrets;
  REQUIRE(from.give(secrets) == EX_OK);
  State to(2);
  const auto bytes = bytes_of(secrets.content);
  CHECK(to.take(bytes.first(bytes.size() - 1)) == EX_DATAERR);
  std::vector<std::uint8_t> more(bytes.begin(), bytes.end());
  more.push_back(0);
  CHECK(to.take(more) == EX_DATAERR);
  const auto sound = secrets.content;
  for (const auto change :
       {+[](HubSecrets::Content& c) { c.policy = policy_of("0.0.0.0/0"); },
        +[](HubSecrets::Content& c) { c.policy = policy_of("8.8.8.0/24"); },
        +[](HubSecrets::Content& c) { c.policy.port = 0; }, +[](HubSecrets::Content& c) { c.policy.mtu = 9000; },
        +[](HubSecrets::Content& c) { c.fixed = 2; }, +[](HubSecrets::Content& c) { c.header[0] = 'X'; }}) {
    secrets.content = sound;
    change(secrets.content);
    secrets.content.checksum = checksum_of(secrets.content);
    CHECK(to.take(bytes_of(secrets.content)) == EX_DATAERR);
  }
  secrets.content = sound;
  secrets.content.private_key[0] ^= 1;
  CHECK(to.take(bytes_of(secrets.content)) == EX_DATAERR);
  CHECK_FALSE(to.key.public_key());
  CHECK_FALSE(to.policy.current());
}

TEST_CASE("TheKeyGoesIntoAPipeAndNothingElse", "[T14]") {
  State from(1);
  REQUIRE(from.key.generate());
  const Descriptor file(open((from.folder.path + "/out").c_str(), O_RDWR | O_CREAT, 0600));
  CHECK_THROWS(exchange_secrets(from.key, from.policy, true, file));
  CHECK_THROWS(exchange_secrets(from.key, from.policy, true, Descriptor()));
  CHECK(from.folder.read("out").empty());
}
