#include "apid/endpoint/database_figures.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <array>
#include <utility>
#include <vector>

namespace wghub::endpoint {
namespace {

// Suffix of the name, and what the series is called.
constexpr std::array<std::pair<const char*, const char*>, 3> kFiles = {
    {{"", "database"}, {"-wal", "log"}, {"-shm", "index"}}};

void add_files(MetricList& list, const std::string& path) {
  std::vector<Labelled> sizes;
  std::vector<Labelled> modes;
  for (const auto& [suffix, name] : kFiles) {
    struct stat status = {};
    if (::lstat((path + suffix).c_str(), &status) != 0) continue;
    sizes.push_back({name, static_cast<double>(status.st_size)});
    modes.push_back({name, static_cast<double>(octal_digits(status.st_mode))});
  }
  list.gauges("wireguard_database_size_bytes", "Size of the database's files.", "file", sizes);
  list.gauges("wireguard_database_permissions",
              "Mode of the database's files, its octal digits read as a number: 600 is what it should be.", "file",
              modes);
}

}  // namespace

unsigned octal_digits(unsigned mode) {
  const unsigned special = mode >> 9U & 7U;
  const unsigned owner = mode >> 6U & 7U;
  const unsigned group = mode >> 3U & 7U;
  return special * 1000 + owner * 100 + group * 10 + (mode & 7U);
}

void add_database_figures(MetricList& list, const store::WriteFigures& writes, const std::string& path) {
  add_files(list, path);
  struct statvfs disk = {};
  if (::statvfs(path.c_str(), &disk) == 0)
    list.gauge("wireguard_database_available_bytes", "Room that is left for the database on its file system.",
               static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize));
  list.summary("wireguard_database_write_duration_seconds",
               "Time from the wish to write until it was on the disk, or refused.", writes.works,
               std::chrono::duration<double>(writes.time).count());
  list.counter("wireguard_database_commits_total", "Commits, each of up to 64 writes.",
               static_cast<double>(writes.commits));
  list.counters("wireguard_database_write_errors_total", "Writes that failed, by cause.", "cause",
                {{"busy", static_cast<double>(writes.busy)},
                 {"full", static_cast<double>(writes.full)},
                 {"failed", static_cast<double>(writes.failed)}});
}

}  // namespace wghub::endpoint
