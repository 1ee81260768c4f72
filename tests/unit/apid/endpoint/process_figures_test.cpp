#include "apid/endpoint/process_figures.h"

#include <set>
#include <string>

#include "tests/catch.hpp"

using namespace wghub::endpoint;

TEST_CASE("The fields of stat are found behind whatever name the program has") {
  const std::string rest = " S 1 2 3 4 5 6 7 8 9 10 110 120 0 0 20 0 75 0 4242 900000 2500 1 2 3\n";
  for (const auto& name : {std::string("(apid)"), std::string("(a b) S 9 (c)"), std::string("()")}) {
    const auto stat = parse_process_stat("17 " + name + rest);
    REQUIRE(stat);
    CHECK(stat->user_ticks == 110);
    CHECK(stat->system_ticks == 120);
    CHECK(stat->threads == 75);
    CHECK(stat->start_ticks == 4242);
    CHECK(stat->virtual_bytes == 900000);
    CHECK(stat->resident_pages == 2500);
  }
}

TEST_CASE("What is no stat is nothing") {
  for (const char* text : {"", "17 apid S 1", "17 (apid)", "17 (apid) S 1 2 3",
                           "17 (apid) S 1 2 3 4 5 6 7 8 9 10 x 120 0 0 20 0 75 0 4242 900000 2500"})
    CHECK_FALSE(parse_process_stat(text));
}

TEST_CASE("This process tells all of its figures") {
  MetricList list;
  add_process_figures(list);
  std::set<std::string> names;
  for (const auto& family : list.families()) {
    names.insert(family.name);
    REQUIRE(family.metric.size() == 1);
    CHECK(family.metric[0].gauge.value + family.metric[0].counter.value >= 0);
  }
  CHECK(names == std::set<std::string>{"process_cpu_seconds_total", "process_resident_memory_bytes",
                                       "process_virtual_memory_bytes", "process_threads", "process_start_time_seconds",
                                       "process_open_fds", "process_max_fds"});
}
