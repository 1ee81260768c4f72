// What this process costs the machine, under the names that Prometheus's own clients use. Reads /proc/self, which apid
// may do also where the rest of /proc is hidden from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "apid/endpoint/metric_list.h"

namespace wghub::endpoint {

/// The fields of /proc/self/stat that are told. Units: clock ticks, bytes, pages, as proc(5) has them.
struct ProcessStat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

/// Nothing when the text is not of that form. The command's name in it may hold blanks and brackets.
std::optional<ProcessStat> parse_process_stat(std::string_view text);

/// process_cpu_seconds_total and its like; what cannot be read is left out.
void add_process_figures(MetricList& list);

}  // namespace wghub::endpoint
