#include "common/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace wghub::log {
namespace {

std::atomic<bool> verbose_lines{false};

// systemd sets JOURNAL_STREAM=DEVICE:INODE to what it connected our stderr to.
bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

void append_json_string(std::string& line, std::string_view text) {
  line.push_back('"');
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      line.push_back('\\');
      line.push_back(character);
    } else if (byte < 0x20 || byte == 0x7f) {
      line += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
    } else if (byte >= 0x80) {
      // Not every source of text is known to be UTF-8; a byte shown as a number is always valid JSON.
      line += fmt::format("\\u00{:02x}", static_cast<unsigned>(byte));
    } else {
      line.push_back(character);
    }
  }
  line.push_back('"');
}

void write_line(int priority, std::string_view message, Fields fields) {
  static constexpr const char* names[] = {"emergency", "alert",  "critical", "error",
                                          "warning",   "notice", "info",     "debug"};
  std::tm calendar{};
  const std::time_t now = std::time(nullptr);
  gmtime_r(&now, &calendar);
  std::string line =
      fmt::format("{{\"at\":\"{:%Y-%m-%dT%H:%M:%SZ}\",\"level\":\"{}\",\"message\":", calendar, names[priority]);
  append_json_string(line, message);
  for (const auto& field : fields) {
    line.push_back(',');
    append_json_string(line, field.name);
    line.push_back(':');
    append_json_string(line, field.value);
  }
  line += "}\n";
  // One write, so that lines of several threads do not mix; a log that cannot be written has nobody to be told.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void write_journal(int priority, std::string_view message, Fields fields) {
  std::vector<std::string> entries = {fmt::format("PRIORITY={}", priority), fmt::format("MESSAGE={}", message)};
  for (const auto& field : fields) {
    std::string name = "WGHUB_";
    for (const char letter : field.name) name.push_back(static_cast<char>(std::toupper(letter)));
    entries.push_back(fmt::format("{}={}", name, field.value));
  }
  std::vector<iovec> parts;
  parts.reserve(entries.size());
  for (auto& entry : entries) parts.push_back({entry.data(), entry.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

void write(int priority, std::string_view message, Fields fields) {
  static const bool journal = stderr_is_journal();
  if (journal) {
    write_journal(priority, message, fields);
  } else {
    write_line(priority, message, fields);
  }
}

}  // namespace

void debug(std::string_view message, Fields fields) {
  if (verbose_lines) write(LOG_DEBUG, message, fields);
}
void info(std::string_view message, Fields fields) { write(LOG_INFO, message, fields); }
void warning(std::string_view message, Fields fields) { write(LOG_WARNING, message, fields); }
void error(std::string_view message, Fields fields) { write(LOG_ERR, message, fields); }
void set_verbose(bool verbose) { verbose_lines = verbose; }

}  // namespace wghub::log
