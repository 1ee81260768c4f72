// The file that a backup is: everything in it encrypted and authenticated, its end too (libsodium). Leaves what is in
// it to contents.h, and where keys come from to keys.h.
//
//   header    176 bytes, bound to every piece: format, version, how the key of the file was made or for whom it is
//   sealed pieces    64 KiB each and 17 bytes more, the last one shorter and marked as the last (XChaCha20-Poly1305,
//   secretstream)
//
// The key of the file is made of a passphrase (Argon2id, 256 MiB, 3 passes), or random and sealed to a recipient's key
// (X25519 sealed box).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "apid/cli/backup/fault.h"
#include "common/bytes.h"
#include "common/descriptor.h"
#include "common/key.h"
#include "common/secret.h"
#include "common/secret_key.h"

struct crypto_secretstream_xchacha20poly1305_state;

namespace wghub::cli {

/// The fixed beginning of the file. Units: bytes; numbers are little-endian.
struct EnvelopeHeader {
  static constexpr std::uint8_t kPassphrase = 1;
  static constexpr std::uint8_t kRecipient = 2;

  std::array<char, 8> format = {'W', 'G', 'H', 'U', 'B', 'B', 'A', 'K'};
  std::uint8_t version = 1;
  std::uint8_t method = 0;
  std::array<std::uint8_t, 2> reserved{};
  std::uint32_t passes = 0;  ///< this and the next two: of Argon2id
  std::uint64_t memory = 0;
  std::array<std::uint8_t, 16> salt{};
  std::array<std::uint8_t, 32> recipient{};   ///< this and the next: of a sealed box
  std::array<std::uint8_t, 80> sealed_key{};  ///< the key of the file
  std::array<std::uint8_t, 24> stream{};      ///< secretstream's own header
};
static_assert(sizeof(EnvelopeHeader) == 176);

/// What encrypts a stream of pieces, or opens them.
using StreamState = std::unique_ptr<crypto_secretstream_xchacha20poly1305_state,
                                    void (*)(crypto_secretstream_xchacha20poly1305_state*)>;

/// Writes the file. What was not finished can never be opened as a whole one.
class EnvelopeWriter {
 public:
  /// file must outlive this. Errors, here and below: Fault.
  EnvelopeWriter(const Descriptor& file, const std::variant<Secret, PublicKey>& passphrase_or_recipient);

  void write(Bytes bytes);
  /// Writes the last piece; the file is not on the disk yet.
  void finish();

 private:
  void push(unsigned char tag);

  const Descriptor& file_;
  EnvelopeHeader header_;
  StreamState stream_;
  std::vector<std::uint8_t> piece_;
};

/// Reads it.
class EnvelopeReader {
 public:
  /// Reads the header; file must outlive this. Errors: Fault when it is no backup, or of a newer version.
  explicit EnvelopeReader(const Descriptor& file);
  ~EnvelopeReader();
  EnvelopeReader(const EnvelopeReader&) = delete;
  EnvelopeReader& operator=(const EnvelopeReader&) = delete;

  bool needs_passphrase() const { return header_.method == EnvelopeHeader::kPassphrase; }
  PublicKey recipient() const { return {header_.recipient}; }

  void open(const Secret& passphrase);
  /// Errors: Fault also when it was sealed for another key.
  void open(const SecretKey& key);

  /// Fills bytes. Errors: Fault when the file is damaged, cut off, or has no such bytes any more.
  void read(std::span<std::uint8_t> bytes);
  /// Errors: Fault when there is anything more, in the file or in what it holds.
  void expect_end();

 private:
  void begin(const SecretKey& file_key);
  void pull();

  const Descriptor& file_;
  EnvelopeHeader header_;
  StreamState stream_;
  std::vector<std::uint8_t> piece_;
  std::size_t used_ = 0;     ///< of the piece
  std::uint64_t place_ = 0;  ///< in the file, where the next piece begins
  bool is_over_ = false;     ///< the piece is the last
};

}  // namespace wghub::cli
