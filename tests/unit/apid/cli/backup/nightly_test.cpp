#include "apid/cli/backup/nightly.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub::cli;

namespace {

void touch(const std::string& path) { std::ofstream(path) << "x"; }

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

constexpr std::time_t kDay = 24 * 60 * 60;

}  // namespace

TEST_CASE("OldNightlyBackupsGoAndNothingElseDoes") {
  const wghub::store::ScratchDirectory scratch;
  const auto folder = scratch.file("");
  const auto now = std::time(nullptr);
  const auto young = nightly_name(folder, now - 29 * kDay);
  const auto old = nightly_name(folder, now - 31 * kDay);
  const auto older = nightly_name(folder, now - 400 * kDay);
  for (const auto& path : {young, old, older, scratch.file("wireguard-hub-mine.whb"), scratch.file("other.whb"),
                           scratch.file("wireguard-hub-20200101T000000Z.whb.old")})
    touch(path);
  CHECK(remove_old(folder, 30) == 2);
  CHECK(names_in(folder).size() == 4);
  CHECK(std::filesystem::exists(young));
  CHECK(remove_old(folder, 30) == 0);
}

TEST_CASE("TheNewestNightlyBackupStaysHoweverOldItIs") {
  const wghub::store::ScratchDirectory scratch;
  const auto folder = scratch.file("");
  const auto now = std::time(nullptr);
  touch(nightly_name(folder, now - 500 * kDay));
  touch(nightly_name(folder, now - 400 * kDay));
  CHECK(remove_old(folder, 30) == 1);
  CHECK(std::filesystem::exists(nightly_name(folder, now - 400 * kDay)));
  CHECK_THROWS_AS(nightly_name(scratch.file("nothing"), now), Fault);
}
