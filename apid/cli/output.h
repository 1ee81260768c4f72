// How wghub writes: tables for people, JSON for programs, complaints on stderr. Knows nothing of what it writes.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wghub::cli {

enum class Format { table, json };

/// False when it cannot be written.
bool write_to(std::FILE* stream, std::string_view text);

/// "wghub: TEXT" on stderr.
void complain(std::string_view text);

/// One line on stdout.
void print_json(const boost::json::value& value);

/// The text without what a terminal would obey: control characters become '?'.
std::string printable(std::string_view text);

/// A value in words: null as "-", truths as yes and no, arrays with commas.
std::string in_words(const boost::json::value& value);

/// 1536 as "1.5 KiB".
std::string in_bytes(std::int64_t bytes);

/// Lines of cells under each other, two blanks apart; width is counted in code points.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);

  /// As many cells as there are headings.
  void add(std::vector<std::string> cells);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "name   value" for each, the values under each other.
std::string aligned(const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace wghub::cli
