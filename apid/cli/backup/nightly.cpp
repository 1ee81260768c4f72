#include "apid/cli/backup/nightly.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace wghub::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::time_t kDay = 24 * 60 * 60;
constexpr std::string_view kPrefix = "wireguard-hub-";
constexpr std::string_view kForm = "00000000T000000Z.whb";  // a 0 stands for any digit

std::string file_name(std::time_t at) { return fmt::format("{}{:%Y%m%dT%H%M%SZ}.whb", kPrefix, fmt::gmtime(at)); }

bool is_nightly(const std::string& name) {
  if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kForm.size()) return false;
  return std::equal(kForm.begin(), kForm.end(), name.begin() + kPrefix.size(),
                    [](char form, char is) { return form == '0' ? is >= '0' && is <= '9' : form == is; });
}

}  // namespace

std::string nightly_name(const std::string& directory, std::time_t now) {
  if (!fs::is_directory(directory)) throw Fault(Exit::faulty, directory + ": there is no such folder");
  return (fs::path(directory) / file_name(now)).string();
}

std::int64_t remove_old(const std::string& directory, std::int64_t keep_days) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.is_regular_file() && is_nightly(entry.path().filename().string()))
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  const auto oldest = file_name(std::time(nullptr) - keep_days * kDay);
  std::int64_t removed = 0;
  for (std::size_t i = 0; i + 1 < names.size() && names[i] < oldest; ++i)
    if (fs::remove(fs::path(directory) / names[i])) ++removed;
  return removed;
}

}  // namespace wghub::cli
