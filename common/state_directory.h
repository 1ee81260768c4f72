// Files of one directory: read whole, replaced whole, each by its name. Leaves what is in them to their owners.
#pragma once

#include <sys/types.h>

#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/descriptor.h"

namespace wghub {

/// A state file that is not what we wrote; nobody guesses what it was.
struct DamagedState : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes all bytes at offset; false with errno set when not all could be written.
bool write_at(const Descriptor& file, Bytes bytes, std::uint64_t offset);

/// The directory, held open.
class StateDirectory {
 public:
  /// Errors: std::system_error when it cannot be opened.
  explicit StateDirectory(std::string path);

  int get() const { return directory_.get(); }

  /// The file's bytes, or nothing when there is no such file.
  /// Errors: DamagedState when longer than limit bytes, std::system_error when unreadable.
  std::optional<std::vector<std::uint8_t>> read(const std::string& name, std::size_t limit) const;

  /// Puts bytes in the file's place and on the disk; after a crash the file is the old one or the new one.
  /// Returns the new file, open for writing; none, with a log line and errno, when the disk said no.
  Descriptor replace(const std::string& name, Bytes bytes, mode_t mode = 0600) const;

  /// A file that is one fixed-size record. It begins with a header, whose default value names the format and its
  /// version. Errors: as read(), and DamagedState when it has another length or header.
  template <class Record>
  std::optional<Record> read_record(const std::string& name) const {
    const auto bytes = read(name, sizeof(Record));
    if (!bytes) return std::nullopt;
    Record record;
    if (bytes->size() < sizeof record) throw DamagedState(name + ": cut off");
    std::memcpy(&record, bytes->data(), sizeof record);
    if (record.header != Record{}.header) throw DamagedState(name + ": of another format");
    return record;
  }

 private:
  std::string path_;
  Descriptor directory_;
};

}  // namespace wghub
