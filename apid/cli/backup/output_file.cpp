#include "apid/cli/backup/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace wghub::cli {
namespace {

Fault file_fault(const std::string& path) { return {Exit::faulty, fmt::format("{}: {}", path, std::strerror(errno))}; }

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  if (path_ == "-") {
    if (::isatty(STDOUT_FILENO) != 0) throw Fault(Exit::wrong_use, "a backup is nothing for a terminal: name a file");
    file_ = Descriptor(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    return;
  }
  if (std::filesystem::exists(std::filesystem::symlink_status(path_)))
    throw Fault(Exit::refused, path_ + ": there is such a file already");
  unfinished_ = fmt::format("{}.{}.unfinished", path_, ::getpid());
  file_ = Descriptor(::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) throw file_fault(path_);
}

OutputFile::~OutputFile() {
  if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

std::int64_t OutputFile::finish() {
  if (unfinished_.empty()) return 0;
  struct stat status = {};
  if (::fsync(file_.get()) != 0 || ::fstat(file_.get(), &status) != 0) throw file_fault(path_);
  if (::renameat2(AT_FDCWD, unfinished_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0)
    throw file_fault(path_);
  unfinished_.clear();
  const auto folder = std::filesystem::absolute(path_).parent_path();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(directory.get()) != 0) throw file_fault(folder.string());
  return status.st_size;
}

}  // namespace wghub::cli
