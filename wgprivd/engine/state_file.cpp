#include "wgprivd/engine/state_file.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "common/log.h"

namespace wghub {

Digest sha256(Bytes bytes) {
  Digest digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

StateDirectory::StateDirectory(const std::string& path)
    : directory_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!directory_) throw std::system_error(errno, std::generic_category(), path);
}

std::optional<std::vector<std::uint8_t>> StateDirectory::read(const char* name, std::size_t limit) const {
  const Descriptor file(openat(get(), name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category(), name);
  if (static_cast<std::uint64_t>(status.st_size) > limit) throw DamagedState(std::string(name) + ": too long");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t done = 0; done < bytes.size();) {
    const auto count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::system_error(count == 0 ? EIO : errno, std::generic_category(), name);
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

bool StateDirectory::replace(const char* name, Bytes bytes) const {
  static constexpr const char* kTemporary = "new";
  unlinkat(get(), kTemporary, 0);  // what a crash left
  const Descriptor file(openat(get(), kTemporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const bool stored = file && write_all(file.get(), bytes, 0) && fsync(file.get()) == 0 &&
                      renameat(get(), kTemporary, get(), name) == 0 && fsync(get()) == 0;
  if (!stored) log::error("a state file cannot be written", {{"file", name}, {"errno", std::int64_t{errno}}});
  return stored;
}

Descriptor StateDirectory::open_for_writing(const char* name) const {
  return Descriptor(openat(get(), name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
}

bool write_all(int descriptor, Bytes bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto count = pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

}  // namespace wghub
