#include "apid/endpoint/database_figures.h"

#include <prometheus/text_serializer.h>
#include <sys/stat.h>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::endpoint;

namespace {

std::string text_of(const std::string& path) {
  MetricList list;
  store::WriteFigures writes;
  writes.works = 3;
  writes.time = std::chrono::milliseconds(1500);
  writes.full = 2;
  add_database_figures(list, writes, path);
  return prometheus::TextSerializer().Serialize(list.families());
}

bool has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("A mode is shown as ls and chmod have it") {
  CHECK(octal_digits(0600) == 600);
  CHECK(octal_digits(0644) == 644);
  CHECK(octal_digits(04755) == 4755);
  CHECK(octal_digits(S_IFREG | 0600U) == 600);
}

TEST_CASE("The database's files are told with their mode as it is now") {
  store::Scratch scratch;
  CHECK(has(text_of(scratch.path()), R"(wireguard_database_permissions{file="database"} 600)"));
  REQUIRE(::chmod(scratch.path().c_str(), 0644) == 0);
  const auto text = text_of(scratch.path());
  CHECK(has(text, R"(wireguard_database_permissions{file="database"} 644)"));
  CHECK(has(text, R"(wireguard_database_permissions{file="log"} 600)"));
  CHECK(text.find("wireguard_database_available_bytes ") != std::string::npos);
}

TEST_CASE("Writes are told as a sum, their failures by cause") {
  const auto text = text_of("/nonexistent/database.sqlite");
  CHECK(has(text, "wireguard_database_write_duration_seconds_count 3"));
  CHECK(has(text, "wireguard_database_write_duration_seconds_sum 1.5"));
  CHECK(has(text, R"(wireguard_database_write_errors_total{cause="full"} 2)"));
  CHECK(text.find("wireguard_database_available_bytes ") == std::string::npos);
}
