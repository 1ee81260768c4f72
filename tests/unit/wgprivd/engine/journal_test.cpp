#include "wgprivd/engine/state.h"

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/temporary_state.h"

using namespace wghub;

namespace {

constexpr std::size_t kRecord = 128;
constexpr std::uint32_t kOwn = 4096;  // addresses from there on are no other peer's

PublicKey key_of(std::uint32_t number) {
  PublicKey key;
  std::memcpy(key.bytes.data(), &number, sizeof number);
  key.bytes[31] = 1;
  return key;
}

EngineAddresses address_of(std::uint32_t number) {
  EngineAddresses addresses;
  addresses.ipv4 = {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return addresses;
}

void add(Journal& journal, std::uint32_t number) { journal.put(key_of(number), address_of(number), {}); }

/// A journal of count added peers, 1 to count, on disk.
void fill(const StateDirectory& directory, std::uint32_t count) {
  Journal journal(directory, "journal", OnDamage::refuse);
  REQUIRE(journal.sync());
  for (std::uint32_t number = 1; number <= count; ++number) add(journal, number);
  REQUIRE(journal.sync());
}

}  // namespace

TEST_CASE("JournalBringsBackWhatWasAddedReplacedAndRemoved") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 3);
  {
    Journal journal(directory, "journal", OnDamage::refuse);
    journal.erase(key_of(1));
    journal.put(key_of(9), address_of(2), key_of(2));
    journal.erase(key_of(77));
    REQUIRE(journal.sync());
  }
  CHECK(state.read("journal").size() == 5 * kRecord);
  const Journal journal(directory, "journal", OnDamage::refuse);
  REQUIRE(journal.content().size() == 2);
  CHECK(journal.content().at(key_of(3)) == address_of(3));
  CHECK(journal.content().at(key_of(9)) == address_of(2));
}

TEST_CASE("JournalDropsATornEndOfAnyLength") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 3);
  const auto sound = state.read("journal");
  for (const auto length : {2 * kRecord, 2 * kRecord + 1, 2 * kRecord + 64, 3 * kRecord - 1}) {
    state.write("journal", sound.substr(0, length));
    CHECK(Journal(directory, "journal", OnDamage::refuse).content().size() == 2);
  }
  auto last_damaged = sound;
  last_damaged[2 * kRecord + 20] ^= 1;
  state.write("journal", last_damaged);
  CHECK(Journal(directory, "journal", OnDamage::refuse).content().size() == 2);
  state.write("journal", sound + std::string(5 * kRecord + 17, '\0'));
  CHECK(Journal(directory, "journal", OnDamage::refuse).content().size() == 3);
}

TEST_CASE("JournalGoesOnAfterATornEnd") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 3);
  state.write("journal", state.read("journal").substr(0, 2 * kRecord + 50));
  {
    Journal journal(directory, "journal", OnDamage::refuse);
    add(journal, 8);
    REQUIRE(journal.sync());
  }
  const Journal journal(directory, "journal", OnDamage::refuse);
  CHECK(journal.content().size() == 3);
  CHECK(journal.content().contains(key_of(8)));
}

TEST_CASE("JournalRefusesABadRecordElsewhere") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 4);
  const auto sound = state.read("journal");
  for (std::size_t byte = 0; byte < 3 * kRecord; byte += 3) {
    auto damaged = sound;
    damaged[byte] ^= 0x10;
    state.write("journal", damaged);
    CHECK_THROWS_AS(Journal(directory, "journal", OnDamage::refuse), DamagedState);
  }
  // A record left out, repeated, or in another's place.
  for (const auto& content : {sound.substr(kRecord), sound.substr(0, kRecord) + sound,
                              sound.substr(kRecord, kRecord) + sound.substr(kRecord)}) {
    state.write("journal", content);
    CHECK_THROWS_AS(Journal(directory, "journal", OnDamage::refuse), DamagedState);
  }
}

TEST_CASE("JournalRefusesARecordOfAKindThatItDoesNotKnow") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 4);
  auto content = state.read("journal");
  content[kRecord - sizeof(Digest) - 4] ^= 0x40;  // a later format's, and otherwise sound
  const auto* first = reinterpret_cast<const std::uint8_t*>(content.data());
  const auto checksum = sha256(std::span(first, kRecord - sizeof(Digest)));
  std::copy(checksum.begin(), checksum.end(), content.begin() + kRecord - sizeof(Digest));
  state.write("journal", content);
  CHECK_THROWS_AS(Journal(directory, "journal", OnDamage::refuse), DamagedState);
}

TEST_CASE("JournalIsRewrittenWhenTwiceItsLiveSize") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  {
    Journal journal(directory, "journal", OnDamage::refuse);
    REQUIRE(journal.sync());
    for (std::uint32_t number = 1; number <= 100; ++number) add(journal, number);
    for (std::uint32_t round = 0; round < Journal::kFloorRecords; ++round) {
      journal.put(key_of(5), address_of(kOwn + round), {});
      REQUIRE(journal.sync());
      CHECK(state.read("journal").size() <= (Journal::kFloorRecords + 1) * kRecord);
    }
  }
  CHECK(state.read("journal").size() < 300 * kRecord);
  const Journal journal(directory, "journal", OnDamage::refuse);
  CHECK(journal.content().size() == 100);
  CHECK(journal.content().at(key_of(5)) == address_of(kOwn + Journal::kFloorRecords - 1));
}

TEST_CASE("JournalThatCannotBeWrittenSaysSoAndCatchesUp") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  Journal journal(directory, "journal", OnDamage::refuse);
  std::filesystem::create_directory(state.file("journal"));  // a rename onto a directory fails
  add(journal, 1);
  CHECK_FALSE(journal.sync());
  std::filesystem::remove(state.file("journal"));
  CHECK(journal.sync());
  CHECK(Journal(directory, "journal", OnDamage::refuse).content().size() == 1);
}

TEST_CASE("JournalThatIsDamagedCanBeSetAside") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 4);
  auto damaged = state.read("journal");
  damaged[kRecord + 9] ^= 1;
  state.write("journal", damaged);
  Journal journal(directory, "journal", OnDamage::set_aside);
  CHECK(journal.content().empty());
  add(journal, 2);
  REQUIRE(journal.sync());
  CHECK(state.read("journal.damaged") == damaged);
  CHECK(Journal(directory, "journal", OnDamage::refuse).content().size() == 1);
}

TEST_CASE("JournalNeverHasTwoPeersWithOneAddress") {
  const TemporaryState state;
  const StateDirectory directory(state.path);
  fill(directory, 3);
  auto both = address_of(2);
  both.ipv6 = {0xfd, 1};
  {
    Journal journal(directory, "journal", OnDamage::refuse);
    journal.put(key_of(8), both, {});
    CHECK_FALSE(journal.content().contains(key_of(2)));
    REQUIRE(journal.content().holder(Address{Family::ipv4, {10, 0, 0, 2}}) != nullptr);
    CHECK(*journal.content().holder(Address{Family::ipv4, {10, 0, 0, 2}}) == key_of(8));
    journal.put(key_of(9), {.ipv6 = both.ipv6}, {});
    add(journal, 3);
    REQUIRE(journal.sync());
  }
  const Journal journal(directory, "journal", OnDamage::refuse);
  REQUIRE(journal.content().size() == 3);
  CHECK(journal.content().at(key_of(1)) == address_of(1));
  CHECK(journal.content().at(key_of(3)) == address_of(3));
  CHECK(journal.content().at(key_of(9)).ipv6 == both.ipv6);
  CHECK(journal.content().holder(Address{Family::ipv4, {10, 0, 0, 2}}) == nullptr);
}
