// A file in memory that a test writes and reads again.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "common/descriptor.h"

namespace wghub::cli {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content = "") : file_(::memfd_create("test", MFD_CLOEXEC)) {
    write(content);
  }

  const Descriptor& descriptor() const { return file_; }
  void rewind() const { ::lseek(file_.get(), 0, SEEK_SET); }

  void write(const std::string& content) const {
    if (::ftruncate(file_.get(), 0) != 0) return;
    rewind();
    const auto written = ::write(file_.get(), content.data(), content.size());
    static_cast<void>(written);
    rewind();
  }

  std::string read() const {
    std::string content(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
    rewind();
    const auto size = ::read(file_.get(), content.data(), content.size());
    content.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    rewind();
    return content;
  }

 private:
  Descriptor file_;
};

}  // namespace wghub::cli
