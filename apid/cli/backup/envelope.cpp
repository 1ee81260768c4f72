#include "apid/cli/backup/envelope.h"

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "apid/cli/backup/keys.h"

namespace wghub::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "the header's numbers are written as they are");
static_assert(sizeof(EnvelopeHeader::salt) == crypto_pwhash_SALTBYTES);
static_assert(sizeof(EnvelopeHeader::sealed_key) == crypto_box_SEALBYTES + sizeof(SecretKey::bytes));
static_assert(sizeof(EnvelopeHeader::stream) == crypto_secretstream_xchacha20poly1305_HEADERBYTES);
static_assert(sizeof(SecretKey::bytes) == crypto_secretstream_xchacha20poly1305_KEYBYTES);

constexpr std::size_t kPiece = std::size_t{64} << 10;
constexpr std::size_t kMore = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::uint32_t kMostPasses = 10;  // what a file may ask of the machine that opens it
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 30;

[[noreturn]] void refuse(const std::string& why) { throw Fault(Exit::faulty, "the backup " + why); }

void write_all(const Descriptor& file, Bytes bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw Fault(Exit::faulty, fmt::format("the backup cannot be written: {}", std::strerror(errno)));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

// As many as there are, up to the size of bytes.
std::size_t read_some(const Descriptor& file, std::span<std::uint8_t> bytes) {
  std::size_t count = 0;
  while (count < bytes.size()) {
    const auto got = ::read(file.get(), bytes.data() + count, bytes.size() - count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Fault(Exit::faulty, fmt::format("the backup cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  return count;
}

void derive(const EnvelopeHeader& header, const Secret& passphrase, SecretKey& key) {
  const auto text = passphrase.reveal();
  if (crypto_pwhash(key.bytes.data(), key.bytes.size(), text.data(), text.size(), header.salt.data(), header.passes,
                    header.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
    throw Fault(Exit::faulty, fmt::format("not enough memory: the passphrase takes {} MiB", header.memory >> 20));
}

// The key of the file, and in the header what is needed to come by it again.
void lock(EnvelopeHeader& header, const Secret& passphrase, SecretKey& key) {
  header.method = EnvelopeHeader::kPassphrase;
  header.passes = crypto_pwhash_OPSLIMIT_MODERATE;
  header.memory = crypto_pwhash_MEMLIMIT_MODERATE;
  randombytes_buf(header.salt.data(), header.salt.size());
  derive(header, passphrase, key);
}

void lock(EnvelopeHeader& header, const PublicKey& recipient, SecretKey& key) {
  header.method = EnvelopeHeader::kRecipient;
  header.recipient = recipient.bytes;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  if (crypto_box_seal(header.sealed_key.data(), key.bytes.data(), key.bytes.size(), recipient.bytes.data()) != 0)
    throw Fault(Exit::wrong_use, "the recipient is no usable key");
}

void wipe(crypto_secretstream_xchacha20poly1305_state* state) {
  sodium_memzero(state, sizeof *state);
  delete state;  // NOLINT(cppcoreguidelines-owning-memory): StreamState's own deleter
}

StreamState make_stream() { return {new crypto_secretstream_xchacha20poly1305_state{}, wipe}; }

}  // namespace

EnvelopeWriter::EnvelopeWriter(const Descriptor& file, const std::variant<Secret, PublicKey>& passphrase_or_recipient)
    : file_(file), stream_(make_stream()) {
  SecretKey key;
  std::visit([&](const auto& how) { lock(header_, how, key); }, passphrase_or_recipient);
  crypto_secretstream_xchacha20poly1305_init_push(stream_.get(), header_.stream.data(), key.bytes.data());
  piece_.reserve(kPiece);
  write_all(file_, bytes_of(header_));
}

void EnvelopeWriter::write(Bytes bytes) {
  while (!bytes.empty()) {
    if (piece_.size() == kPiece) push(crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    const auto taken = bytes.first(std::min(bytes.size(), kPiece - piece_.size()));
    piece_.insert(piece_.end(), taken.begin(), taken.end());
    bytes = bytes.subspan(taken.size());
  }
}

void EnvelopeWriter::finish() { push(crypto_secretstream_xchacha20poly1305_TAG_FINAL); }

void EnvelopeWriter::push(unsigned char tag) {
  std::vector<std::uint8_t> sealed(piece_.size() + kMore);
  const auto head = bytes_of(header_);
  crypto_secretstream_xchacha20poly1305_push(stream_.get(), sealed.data(), nullptr, piece_.data(), piece_.size(),
                                             head.data(), head.size(), tag);
  sodium_memzero(piece_.data(), piece_.size());
  piece_.clear();
  write_all(file_, sealed);
}

EnvelopeReader::EnvelopeReader(const Descriptor& file) : file_(file), stream_(make_stream()) {
  std::array<std::uint8_t, sizeof header_> bytes{};
  const auto size = read_some(file_, bytes);
  std::memcpy(&header_, bytes.data(), sizeof header_);
  if (size < header_.format.size() || header_.format != EnvelopeHeader{}.format)
    throw Fault(Exit::faulty, "this is no backup of a hub");
  if (size < sizeof header_) refuse("is cut off");
  if (header_.version != EnvelopeHeader{}.version)
    refuse(fmt::format("has format {}, and this wghub reads {}: take a newer one", header_.version,
                       EnvelopeHeader{}.version));
  const bool is_known = header_.method == EnvelopeHeader::kPassphrase || header_.method == EnvelopeHeader::kRecipient;
  if (!is_known || header_.passes > kMostPasses || header_.memory > kMostMemory) refuse("has a damaged header");
  place_ = sizeof header_;
}

EnvelopeReader::~EnvelopeReader() { sodium_memzero(piece_.data(), piece_.size()); }

void EnvelopeReader::open(const Secret& passphrase) {
  if (header_.passes < crypto_pwhash_OPSLIMIT_MIN || header_.memory < crypto_pwhash_MEMLIMIT_MIN)
    refuse("has a damaged header");
  SecretKey key;
  derive(header_, passphrase, key);
  begin(key);
}

void EnvelopeReader::open(const SecretKey& key) {
  const auto own = public_key_of(key);
  if (!own || own->bytes != header_.recipient)
    throw Fault(Exit::wrong_use, fmt::format("the backup is for {}, and this is the key of {}",
                                             recipient_text(recipient()), recipient_text(own.value_or(PublicKey()))));
  SecretKey file_key;
  if (crypto_box_seal_open(file_key.bytes.data(), header_.sealed_key.data(), header_.sealed_key.size(),
                           own->bytes.data(), key.bytes.data()) != 0)
    refuse("has a damaged header");
  begin(file_key);
}

void EnvelopeReader::begin(const SecretKey& file_key) {
  crypto_secretstream_xchacha20poly1305_init_pull(stream_.get(), header_.stream.data(), file_key.bytes.data());
  pull();
}

void EnvelopeReader::pull() {
  if (is_over_) refuse("ends before what it should hold");
  std::vector<std::uint8_t> sealed(kPiece + kMore);
  const auto size = read_some(file_, sealed);
  const bool is_first = place_ == sizeof header_;
  if (size < kMore) refuse("is cut off");
  piece_.resize(size - kMore);
  used_ = 0;
  unsigned char tag = 0;
  const auto head = bytes_of(header_);
  if (crypto_secretstream_xchacha20poly1305_pull(stream_.get(), piece_.data(), nullptr, &tag, sealed.data(), size,
                                                 head.data(), head.size()) != 0) {
    if (is_first && needs_passphrase()) refuse("does not open: the passphrase is another, or the file is damaged");
    refuse(size < sealed.size() ? "is cut off, or damaged near its end"
                                : fmt::format("is damaged between byte {} and {}", place_, place_ + size));
  }
  place_ += size;
  is_over_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  if (!is_over_ && (tag != crypto_secretstream_xchacha20poly1305_TAG_MESSAGE || size < sealed.size()))
    refuse("is damaged");
}

void EnvelopeReader::read(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (used_ == piece_.size()) pull();
    const auto count = std::min(bytes.size(), piece_.size() - used_);
    std::memcpy(bytes.data(), piece_.data() + used_, count);
    used_ += count;
    bytes = bytes.subspan(count);
  }
}

void EnvelopeReader::expect_end() {
  if (used_ == piece_.size() && !is_over_) pull();
  std::array<std::uint8_t, 1> more{};
  if (used_ != piece_.size() || !is_over_ || read_some(file_, more) != 0) refuse("has something behind its end");
}

}  // namespace wghub::cli
