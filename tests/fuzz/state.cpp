// Bytes of the engine's state files: journal, policy, sealed key -> load. They are read whole, or DamagedState is
// thrown; a journal that was loaded means what its records say, by a second reading of them here.
#include <cstring>
#include <map>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/wgprivd/engine/temporary_state.h"
#include "wgprivd/engine/state.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

/// A record of the journal as it lies on the disk.
struct Record {
  std::uint64_t index;
  std::array<std::uint8_t, 32> key;
  std::array<std::uint8_t, 32> replaced;
  EngineAddresses addresses;
  std::uint32_t kind;
  Digest checksum;
};
static_assert(sizeof(Record) == 128);
constexpr std::uint32_t kPut = 0x314a4857;

using Content = std::map<PublicKey, EngineAddresses>;

struct Place {
  TemporaryState state{scratch_parent()};
  StateDirectory directory{state.path};
};

/// Nothing when it is refused.
std::optional<Content> load(const Place& place, OnDamage on_damage) {
  try {
    const Journal journal(place.directory, "journal", on_damage);
    return Content(journal.content().begin(), journal.content().end());
  } catch (const DamagedState&) {
    return std::nullopt;
  }
}

// Few keys and addresses, so that records meet; index and checksum as the journal itself writes them.
std::string sound_records(std::string_view input, Content& expected) {
  std::string file;
  for (std::uint64_t index = 0; input.size() >= 4; input.remove_prefix(4), ++index) {
    Record record{.index = index, .kind = kPut + (input[0] & 1U)};
    record.key[0] = static_cast<std::uint8_t>(1 + (input[1] & 7));
    record.replaced[0] = static_cast<std::uint8_t>(input[2] & 7);
    record.addresses.ipv4 = {10, 77, 0, static_cast<std::uint8_t>(input[3])};
    record.checksum = checksum_of(record);
    file.append(reinterpret_cast<const char*>(&record), sizeof record);
    expected.erase(PublicKey{record.kind == kPut ? record.replaced : record.key});
    if (record.kind != kPut) continue;
    std::erase_if(expected, [&record](const auto& peer) { return peer.second == record.addresses; });
    expected[PublicKey{record.key}] = record.addresses;
  }
  return file;
}

void check_journal(const std::string& file, const std::optional<Content>& expected) {
  const Place place;
  place.state.write("journal", file);
  const auto content = load(place, OnDamage::refuse);
  if (expected) claim(content == expected, "a sound journal is loaded as it is");
  const auto forgiven = load(place, OnDamage::set_aside);
  claim(forgiven == content.value_or(Content()), "set aside it is empty, else the same");
  claim(std::filesystem::exists(place.state.file("journal.damaged")) == !content, "what is refused is kept beside it");
  {
    Journal journal(place.directory, "journal", OnDamage::set_aside);
    journal.put({{9}}, {{10, 77, 1, 1}, {}}, {});
    claim(journal.sync(), "the journal goes on");
  }
  auto further = content.value_or(Content());
  std::erase_if(further, [](const auto& peer) {
    return peer.second.ipv4 == std::array<std::uint8_t, 4>{10, 77, 1, 1};
  });
  further[{{9}}] = {{10, 77, 1, 1}, {}};
  claim(load(place, OnDamage::refuse) == further, "and is found again with what was added");
}

template <class File>
void check_file(const char* name, std::string_view content) {
  const Place place;
  place.state.write(name, std::string(content));
  try {
    const File file(place.directory, name);
    claim(file.current().has_value(), "a file that is there is not passed over");
    claim(file.current()->checksum == checksum_of(*file.current()), "what is loaded is what was stored");
  } catch (const DamagedState&) {
  }
}

void check_key(std::string_view content) {
  const Place place;
  place.state.write("hub.key", std::string(content));
  const SecretKey sealing_key;
  try {
    const HubKey key(place.directory, "hub.key", sealing_key);
    claim(key.public_key().has_value(), "a sealed key that opens has a public one");
  } catch (const DamagedState&) {
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = text_of(data, size);
  const auto choice = take_byte(input);
  Content expected;
  if (choice % 4 == 0) check_journal(std::string(input), std::nullopt);
  if (choice % 4 == 2) check_file<PolicyFile>("policy", input);
  if (choice % 4 == 3) check_key(input);
  if (choice % 4 != 1) return 0;
  // Sound records, and an end or a flip that the last byte chooses.
  const auto change = take_byte(input);
  auto file = sound_records(input, expected);
  if (change == 0) check_journal(file, expected);
  if (change == 0 || file.empty()) return 0;
  const auto last = file.size() - 1;
  if (change < 128)
    file.resize(last - change % file.size());
  else
    file[change * last / 255] = static_cast<char>(file[change * last / 255] ^ (1 << change % 8));
  check_journal(file, std::nullopt);
  return 0;
}
