// One fixed-size record that is a file's whole content. Leaves what is in it to its user.
#pragma once

#include "common/state_directory.h"

namespace wghub {

/// The record begins with a header, whose default value names format and version, and ends with its checksum.
template <class Record>
class RecordFile {
 public:
  /// directory must outlive this. Errors: DamagedState when the file is not as we wrote it.
  RecordFile(const StateDirectory& directory, std::string name)
      : directory_(directory), name_(std::move(name)), current_(directory.read_record<Record>(name_)) {
    if (current_ && current_->checksum != checksum_of(*current_)) throw DamagedState(name_ + ": changed");
  }

  const std::optional<Record>& current() const { return current_; }

  /// Replaces the record, on disk first; false, with a log line, when the disk said no.
  bool store(Record record) {
    record.checksum = checksum_of(record);
    const bool stored{directory_.replace(name_, bytes_of(record))};
    if (stored) current_ = record;
    return stored;
  }

 private:
  const StateDirectory& directory_;
  std::string name_;
  std::optional<Record> current_;
};

}  // namespace wghub
