#include "common/crash_point.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

#include "common/log.h"
#include "common/number.h"

namespace wghub {
namespace {

struct Armed {
  std::string name;
  int pass = 0;  // 0: nothing is armed
};

Armed from_environment() {
  const char* text = std::getenv("WGHUB_CRASH_AT");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  const std::string_view value = text == nullptr ? "" : text;
  const auto colon = value.rfind(':');
  Armed armed;
  if (colon == value.npos || !parse_number(value.substr(colon + 1), armed.pass)) return {};
  armed.name = value.substr(0, colon);
  return armed;
}

}  // namespace

void crash_point(std::string_view stem, std::string_view rest) {
  static const Armed armed = from_environment();
  static std::atomic<int> passes{0};
  const std::string_view name = armed.name;
  if (name.size() != stem.size() + rest.size() || !name.starts_with(stem) || !name.ends_with(rest)) return;
  if (++passes != armed.pass) return;
  log::warning("crash point", {{"name", armed.name}});
  // Not kill(): the confinement lets a process signal only its own threads.
  static_cast<void>(raise(SIGKILL));
}

}  // namespace wghub
