#include "apid/cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

namespace wghub::cli {
namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;  // a continuation byte of UTF-8
  }));
}

void append_cell(std::string& line, const std::string& cell, std::size_t width) {
  line += cell;
  line.append(width - width_of(cell), ' ');
}

}  // namespace

bool write_to(std::FILE* stream, std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stream) == text.size();
}

void complain(std::string_view text) { write_to(stderr, fmt::format("wghub: {}\n", text)); }

void print_json(const boost::json::value& value) { write_to(stdout, boost::json::serialize(value) + "\n"); }

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F, which some terminals obey.
    const bool second_set = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    clean.push_back(byte < 0x20 || byte == 0x7f || second_set ? '?' : text[i]);
    if (second_set) ++i;
  }
  return clean;
}

std::string in_words(const boost::json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_string()) return printable(value.get_string());
  if (!value.is_array()) return printable(boost::json::serialize(value));
  std::string text;
  for (const auto& each : value.get_array()) text += (text.empty() ? "" : ", ") + in_words(each);
  return text.empty() ? "-" : text;
}

std::string in_bytes(std::int64_t bytes) {
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return fmt::format("{:.1f} {}", size, units[unit]);
}

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

void Table::add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) append_cell(text, row[i], widths[i] + 2);
    text += row.back() + "\n";
  }
  return text;
}

std::string aligned(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t width = 0;
  for (const auto& [name, value] : lines) width = std::max(width, width_of(name));
  std::string text;
  for (const auto& [name, value] : lines) {
    append_cell(text, name, width + 2);
    text += value + "\n";
  }
  return text;
}

}  // namespace wghub::cli
