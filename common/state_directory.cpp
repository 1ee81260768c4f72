#include "common/state_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {

bool write_at(const Descriptor& file, Bytes bytes, std::uint64_t offset) {
  return pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) == std::ssize(bytes);
}

StateDirectory::StateDirectory(std::string path)
    : path_(std::move(path)), directory_(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!directory_) throw std::system_error(errno, std::generic_category(), path_);
}

std::optional<std::vector<std::uint8_t>> StateDirectory::read(const std::string& name, std::size_t limit) const {
  const auto file = std::filesystem::path(path_) / name;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const auto size = std::filesystem::file_size(file);
  if (size > limit) throw DamagedState(name + ": too long");
  std::vector<std::uint8_t> bytes(size);
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!stream) throw std::system_error(EIO, std::generic_category(), name);
  return bytes;
}

Descriptor StateDirectory::replace(const std::string& name, Bytes bytes, mode_t mode) const {
  unlinkat(get(), "new", 0);  // what a crash left
  Descriptor file(openat(get(), "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  WGHUB_CRASH_POINT("file.made.", name);
  bool stored = file && write_at(file, bytes, 0) && fsync(file.get()) == 0;
  WGHUB_CRASH_POINT("file.written.", name);
  stored = stored && renameat(get(), "new", get(), name.c_str()) == 0;
  WGHUB_CRASH_POINT("file.renamed.", name);
  stored = stored && fsync(get()) == 0;
  if (stored) return file;
  const int error = errno;
  log::error("a state file cannot be written", {{"file", name}, {"errno", std::int64_t{error}}});
  errno = error;
  return {};
}

}  // namespace wghub
