// Files of the engine's state directory: read whole, replaced whole. Leaves what is in them to their owners.
#pragma once

#include <cstring>
#include <optional>
#include <stdexcept>
#include <vector>

#include "common/descriptor.h"
#include "common/digest.h"

namespace wghub {

using Bytes = std::span<const std::uint8_t>;

/// A fixed-size record without padding, as bytes.
template <class Record>
Bytes bytes_of(const Record& record) {
  static_assert(std::has_unique_object_representations_v<Record>);
  return {reinterpret_cast<const std::uint8_t*>(&record), sizeof record};
}

/// The checksum of a record that ends with a Digest: SHA-256 of all before that.
template <class Record>
Digest checksum_of(const Record& record) {
  return sha256(bytes_of(record).first(sizeof record - sizeof(Digest)));
}

/// Writes all bytes at offset; false with errno set when not all could be written.
inline bool write_at(const Descriptor& file, Bytes bytes, std::uint64_t offset) {
  return pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) == std::ssize(bytes);
}

/// A state file that is not what we wrote; nobody guesses what it was.
struct DamagedState : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The state directory, held open.
class StateDirectory {
 public:
  /// Errors: std::system_error when it cannot be opened.
  explicit StateDirectory(std::string path);

  int get() const { return directory_.get(); }

  /// The file's bytes, or nothing when there is no such file.
  /// Errors: DamagedState when longer than limit bytes, std::system_error when unreadable.
  std::optional<std::vector<std::uint8_t>> read(const std::string& name, std::size_t limit) const;

  /// A file that is one fixed-size record. Errors: as read(), and DamagedState when it is shorter.
  template <class Record>
  std::optional<Record> read_record(const char* name) const {
    const auto bytes = read(name, sizeof(Record));
    if (bytes && bytes->size() < sizeof(Record)) throw DamagedState(std::string(name) + ": cut off");
    Record record;
    if (bytes) std::memcpy(&record, bytes->data(), sizeof record);
    return bytes ? std::optional(record) : std::nullopt;
  }

  /// Puts bytes in the file's place and on the disk; after a crash the file is the old one or the new one.
  /// Returns the new file, open for writing; none, with a log line, when the disk said no.
  Descriptor replace(const char* name, Bytes bytes) const;

 private:
  std::string path_;
  Descriptor directory_;
};

}  // namespace wghub
