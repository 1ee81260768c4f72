// The file that a backup becomes: seen under its name only when it is whole and on the disk.
#pragma once

#include <string>

#include "apid/cli/backup/fault.h"
#include "common/descriptor.h"

namespace wghub::cli {

class OutputFile {
 public:
  /// "-" is stdout. Errors, here and below: Fault; when there is a file of that name already, too.
  explicit OutputFile(std::string path);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Without finish() nothing is left.
  ~OutputFile();

  const Descriptor& descriptor() const { return file_; }
  /// Returns its size in bytes; 0 of stdout.
  std::int64_t finish();

 private:
  std::string path_;
  std::string unfinished_;  ///< the name until then; empty: there is none
  Descriptor file_;
};

}  // namespace wghub::cli
