#include "wgprivd/engine/policy_file.h"

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
  PolicyFile file(directory);
  CHECK_FALSE(file.current());
  REQUIRE(file.store(example(), false));
  CHECK(PolicyFile(directory).current()->fixed == 0);
  REQUIRE(file.store(example(), true));
  const PolicyFile again(directory);
  REQUIRE(again.current());
  CHECK(again.current()->fixed == 1);
  CHECK(again.current()->policy == example());
}

TEST_CASE("PolicyFileWithAnyBitFlippedIsRefused") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  REQUIRE(PolicyFile(directory).store(example(), true));
  const auto sound = state.read("policy");
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    auto flipped = sound;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    state.write("policy", flipped);
    CHECK_THROWS_AS(PolicyFile(directory), DamagedState);
  }
  for (const auto& content : {std::string(), sound.substr(1), sound + "x"}) {
    state.write("policy", content);
    CHECK_THROWS_AS(PolicyFile(directory), DamagedState);
  }
}

TEST_CASE("PolicyFileKeepsTheOldPolicyWhenTheDiskSaysNo") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  PolicyFile file(directory);
  REQUIRE(file.store(example(), false));
  std::filesystem::create_directories(state.file("new/in-the-way"));
  CHECK_FALSE(file.store(example(), true));
  CHECK(file.current()->fixed == 0);
  CHECK(PolicyFile(directory).current()->fixed == 0);
}
