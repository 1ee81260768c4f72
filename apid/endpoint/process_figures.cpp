#include "apid/endpoint/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "common/number.h"

namespace wghub::endpoint {
namespace {

// proc(5) counts fields from 1; the state, behind the command's last bracket, is the third.
constexpr std::size_t kFirst = 3;
constexpr std::size_t kUserTicks = 14;
constexpr std::size_t kSystemTicks = 15;
constexpr std::size_t kThreads = 20;
constexpr std::size_t kStartTicks = 22;
constexpr std::size_t kVirtualBytes = 23;
constexpr std::size_t kResidentPages = 24;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const auto end = text.find_first_of(" \n");
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
  }
}

double seconds_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string read_stat() {
  std::ifstream file("/proc/self/stat");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<double> open_files() {
  std::error_code error;
  std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return std::nullopt;
  return static_cast<double>(std::distance(begin(folder), end(folder)) - 1);  // one of them is the look itself
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const auto bracket = text.rfind(')');
  if (bracket == std::string_view::npos) return std::nullopt;
  const auto words = words_of(text.substr(bracket + 1));
  ProcessStat stat;
  const auto read = [&](std::size_t field, std::uint64_t& number) {
    return words.size() > field - kFirst && parse_number(words[field - kFirst], number);
  };
  const bool good = read(kUserTicks, stat.user_ticks) && read(kSystemTicks, stat.system_ticks) &&
                    read(kThreads, stat.threads) && read(kStartTicks, stat.start_ticks) &&
                    read(kVirtualBytes, stat.virtual_bytes) && read(kResidentPages, stat.resident_pages);
  return good ? std::optional(stat) : std::nullopt;
}

void add_process_figures(MetricList& list) {
  if (const auto stat = parse_process_stat(read_stat())) {
    const auto second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    const double boot = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
    list.counter("process_cpu_seconds_total", "Processor time of apid, user and system, in seconds.",
                 static_cast<double>(stat->user_ticks + stat->system_ticks) / second);
    list.gauge("process_resident_memory_bytes", "Memory of apid that is in RAM, in bytes.",
               static_cast<double>(stat->resident_pages) * page);
    list.gauge("process_virtual_memory_bytes", "Address space of apid, in bytes.",
               static_cast<double>(stat->virtual_bytes));
    list.gauge("process_threads", "Threads of apid.", static_cast<double>(stat->threads));
    list.gauge("process_start_time_seconds", "When apid was started, in seconds since 1970.",
               boot + static_cast<double>(stat->start_ticks) / second);
  }
  if (const auto files = open_files())
    list.gauge("process_open_fds", "Open file descriptors of apid, connections among them.", *files);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    list.gauge("process_max_fds", "How many file descriptors apid may have open.", static_cast<double>(limit.rlim_cur));
}

}  // namespace wghub::endpoint
