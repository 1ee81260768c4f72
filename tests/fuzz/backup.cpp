// A backup by somebody who has the recipient's key and may put anything into it, and a file that is none: every part is
// within its limit or refused, and a database is only taken when it is one.
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include "apid/cli/backup/contents.h"
#include "apid/store/database_image.h"
#include "tests/fuzz/fuzz.h"

using namespace wghub;
using namespace wghub::cli;
using namespace wghub::fuzz;

namespace {

constexpr std::uint64_t kMostBytes = 1 << 20;

struct Recipient {
  SecretKey key;
  PublicKey address;

  Recipient() {
    claim(sodium_init() >= 0 && make_key(key), "a key");
    address = *public_key_of(key);
  }
};

void read_all(EnvelopeReader& reader, const SecretKey& key) {
  reader.open(key);
  SmallParts parts;
  const auto bytes = read_parts(reader, parts);
  claim(parts.configuration.size() <= kLargestText && parts.certificate_key.size() <= kLargestText,
        "texts have limits");
  claim(is_sound(parts.secrets), "a key is sound, or the backup is refused");
  if (bytes > kMostBytes) return;
  std::vector<std::uint8_t> database(bytes);
  reader.read(database);
  reader.expect_end();
  static_cast<void>(store::check_database(database));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Recipient recipient;
  auto text = text_of(data, size);
  const bool is_sealed = take_byte(text) % 4 != 0;
  const Bytes bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const Descriptor file(::memfd_create("backup", MFD_CLOEXEC));
  try {
    if (is_sealed) {
      EnvelopeWriter writer(file, recipient.address);
      writer.write(bytes);
      writer.finish();
    } else if (::write(file.get(), bytes.data(), bytes.size()) != std::ssize(bytes)) {
      return 0;
    }
    ::lseek(file.get(), 0, SEEK_SET);
    EnvelopeReader reader(file);
    read_all(reader, recipient.key);
  } catch (const std::runtime_error&) {  // Fault among them
  }
  return 0;
}
