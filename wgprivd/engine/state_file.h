// Files of the engine's state directory: read whole, replaced whole. Leaves what is in them to their owners.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/descriptor.h"

namespace wghub {

using Bytes = std::span<const std::uint8_t>;
using Digest = std::array<std::uint8_t, 32>;

Digest sha256(Bytes bytes);

/// A fixed-size record without padding, as bytes.
template <class Record>
Bytes bytes_of(const Record& record) {
  static_assert(std::has_unique_object_representations_v<Record>);
  return {reinterpret_cast<const std::uint8_t*>(&record), sizeof record};
}

/// A state file that is not what we wrote; nobody guesses what it was.
struct DamagedState : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The state directory, held open: files are named relative to it and never through a symbolic link.
class StateDirectory {
 public:
  /// Errors: std::system_error when it cannot be opened.
  explicit StateDirectory(const std::string& path);

  int get() const { return directory_.get(); }

  /// The file's bytes, or nothing when there is no such file.
  /// Errors: DamagedState when longer than limit bytes, std::system_error when unreadable.
  std::optional<std::vector<std::uint8_t>> read(const char* name, std::size_t limit) const;

  /// Puts bytes in the file's place and on the disk; after a crash the file is the old one or the new one.
  /// Returns false, with a log line, when the disk said no.
  bool replace(const char* name, Bytes bytes) const;

  /// An existing file to be written in place; no descriptor when it cannot be.
  Descriptor open_for_writing(const char* name) const;

 private:
  Descriptor directory_;
};

/// Writes all bytes at offset; false with errno set when not all could be written.
bool write_all(int descriptor, Bytes bytes, std::uint64_t offset);

}  // namespace wghub
