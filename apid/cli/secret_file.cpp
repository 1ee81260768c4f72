#include "apid/cli/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "apid/cli/output.h"
#include "common/descriptor.h"

namespace wghub::cli {
namespace {

constexpr std::size_t kLongest = 1024;

std::optional<Secret> refuse(const std::string& path, const std::string& why) {
  complain(path + ": " + why);
  return std::nullopt;
}

bool is_visible(char character) { return character > ' ' && character < 0x7f; }

}  // namespace

std::optional<Secret> read_secret_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return refuse(path, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): no other thread
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || S_ISDIR(status.st_mode)) return refuse(path, "is not a file");
  if (S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0)
    return refuse(path, "everybody on this machine can read it; chmod 600 it");
  std::string text;
  text.reserve(kLongest + 1);  // a longer one would leave copies behind
  char character = 0;
  while (text.size() <= kLongest && ::read(file.get(), &character, 1) == 1 && character != '\n')
    text.push_back(character);
  if (!text.empty() && text.back() == '\r') text.pop_back();
  const bool good = !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), is_visible);
  Secret secret(std::move(text));
  if (!good) return refuse(path, "its first line is no token");
  return secret;
}

}  // namespace wghub::cli
