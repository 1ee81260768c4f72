#include "apid/cli/backup/envelope.h"

#include <sodium.h>

#include <cstring>

#include "apid/cli/backup/keys.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/cli/backup/temporary_file.h"

using namespace wghub;
using namespace wghub::cli;

namespace {

Bytes as_bytes(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string sealed(const std::variant<Secret, PublicKey>& lock, const std::string& text) {
  REQUIRE(sodium_init() >= 0);
  const TemporaryFile file;
  EnvelopeWriter writer(file.descriptor(), lock);
  writer.write(as_bytes(text));
  writer.finish();
  return file.read();
}

// What is in it; or why it does not open.
template <class Key>
std::string opened(const std::string& content, const Key& key, std::size_t size) {
  const TemporaryFile file(content);
  try {
    EnvelopeReader reader(file.descriptor());
    reader.open(key);
    std::string text(size, '\0');
    reader.read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    reader.expect_end();
    return text;
  } catch (const Fault& fault) {
    return std::string("Fault: ") + fault.what();
  }
}

bool is_fault(const std::string& text) { return text.starts_with("Fault: "); }

}  // namespace

TEST_CASE("AnEnvelopeOfAnySizeGivesBackWhatWentIn") {
  SecretKey key;
  REQUIRE(make_key(key));
  const auto recipient = *public_key_of(key);
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 131072, 200000}) {
    std::string text(size, '\0');
    randombytes_buf(text.data(), text.size());
    const auto file = sealed(recipient, text);
    CHECK(opened(file, key, size) == text);
    if (size >= 32) CHECK(file.find(text.substr(0, 32)) == std::string::npos);
    CHECK(is_fault(opened(file, key, size + 1)));
    if (size > 0) CHECK(is_fault(opened(file, key, size - 1)));
  }
}

TEST_CASE("AnEnvelopeWithAnyBitFlippedOrByteMissingDoesNotOpen", "[T14]") {
  SecretKey key;
  REQUIRE(make_key(key));
  const std::string text = "a text that is much shorter than a piece";
  const auto file = sealed(*public_key_of(key), text);
  std::size_t accepted = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    auto flipped = file;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    if (!is_fault(opened(flipped, key, text.size()))) ++accepted;
  }
  for (std::size_t size = 0; size < file.size(); ++size)
    if (!is_fault(opened(file.substr(0, size), key, text.size()))) ++accepted;
  CHECK(accepted == 0);
  CHECK(opened(file, key, text.size()) == text);
  WARN("a backup's envelope with each of its "
       << file.size() * 8 << " bits flipped, and cut at each of its bytes: " << accepted << " opened");
}

TEST_CASE("APassphraseOpensItsEnvelopeAndNoOtherDoes") {
  const auto file = sealed(Secret(std::string("correct horse battery")), "text");
  CHECK(opened(file, Secret(std::string("correct horse battery")), 4) == "text");
  CHECK(opened(file, Secret(std::string("correct horse batterz")), 4).find("passphrase is another") !=
        std::string::npos);
  SecretKey key;
  REQUIRE(make_key(key));
  CHECK(is_fault(opened(file, key, 4)));
}

TEST_CASE("AHeaderThatAsksForMoreThanAMachineHasIsRefused") {
  auto file = sealed(Secret(std::string("correct horse battery")), "text");
  EnvelopeHeader header;
  for (const auto change : {+[](EnvelopeHeader& h) { h.memory = std::uint64_t{1} << 40; },
                            +[](EnvelopeHeader& h) { h.passes = 1'000'000; }, +[](EnvelopeHeader& h) { h.memory = 1; },
                            +[](EnvelopeHeader& h) { h.version = 2; }, +[](EnvelopeHeader& h) { h.method = 3; }}) {
    std::memcpy(&header, file.data(), sizeof header);
    change(header);
    const auto changed =
        std::string(reinterpret_cast<const char*>(&header), sizeof header) + file.substr(sizeof header);
    CHECK(is_fault(opened(changed, Secret(std::string("correct horse battery")), 4)));
  }
}

TEST_CASE("ARecipientIsReadAsItIsWritten") {
  SecretKey key;
  REQUIRE(make_key(key));
  const auto recipient = *public_key_of(key);
  const auto text = recipient_text(recipient);
  CHECK(text.size() == 48);
  CHECK(parse_recipient(text) == recipient);
  CHECK(secret_key_text(key).reveal().starts_with("whbs_"));
  for (const auto& bad : {std::string(), text.substr(1), text + "A", std::string("whbp_"), "whbs_" + text.substr(5),
                          "whbp_" + std::string(43, 'A'), "whbp_" + std::string(42, 'B') + "="})
    CHECK_FALSE(parse_recipient(bad));
}
