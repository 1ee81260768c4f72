#include "wgprivd/engine/state.h"

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/temporary_state.h"

using namespace wghub;

namespace {

EnginePolicy example() {
  EnginePolicy policy{.family = 4, .prefix = 24, .port = 51820, .mtu = 1420};
  policy.network = {10, 0, 1, 0};
  return policy;
}

}  // namespace

TEST_CASE("PolicyFileIsEmptyUntilStoredAndFoundAgain") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  PolicyFile file(directory, "policy");
  CHECK_FALSE(file.current());
  REQUIRE(file.store({.policy = example()}));
  CHECK(PolicyFile(directory, "policy").current()->fixed == 0);
  REQUIRE(file.store({.fixed = 1, .policy = example()}));
  const PolicyFile again(directory, "policy");
  REQUIRE(again.current());
  CHECK(again.current()->fixed == 1);
  CHECK(again.current()->policy == example());
}

TEST_CASE("PolicyFileWithAnyBitFlippedIsRefused") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  REQUIRE(PolicyFile(directory, "policy").store({.fixed = 1, .policy = example()}));
  const auto sound = state.read("policy");
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    auto flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    state.write("policy", flipped);
    CHECK_THROWS_AS(PolicyFile(directory, "policy"), DamagedState);
  }
  for (const auto& content : {std::string(), sound.substr(1), sound + "x"}) {
    state.write("policy", content);
    CHECK_THROWS_AS(PolicyFile(directory, "policy"), DamagedState);
  }
}

TEST_CASE("PolicyFileKeepsTheOldPolicyWhenTheDiskSaysNo") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  PolicyFile file(directory, "policy");
  REQUIRE(file.store({.policy = example()}));
  std::filesystem::create_directories(state.file("new/in-the-way"));
  CHECK_FALSE(file.store({.fixed = 1, .policy = example()}));
  CHECK(file.current()->fixed == 0);
  CHECK(PolicyFile(directory, "policy").current()->fixed == 0);
}
