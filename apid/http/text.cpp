#include "apid/http/text.h"

#include <algorithm>
#include <cctype>

#include "apid/http/message.h"

namespace wghub::http {
namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

bool is_control(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte == 0x7f;
}

// RFC 9110 12.4.2: "0", "0.", "0.0", "0.00" and "0.000" all mean "not this one".
bool is_zero_weight(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(trim(parameter.substr(0, equals)), "q")) return false;
  const auto value = trim(parameter.substr(equals + 1));
  return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(separator, start);
    parts.push_back(trim(text.substr(start, end == std::string_view::npos ? end : end - start)));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

bool names_with_weight(std::string_view list, std::string_view value) {
  for (const auto item : split(list, ',')) {
    const auto parts = split(item, ';');
    if (!equals_ignoring_case(parts.front(), value)) continue;
    if (std::none_of(parts.begin() + 1, parts.end(), is_zero_weight)) return true;
  }
  return false;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string result(text.substr(0, limit));
  std::replace_if(result.begin(), result.end(), is_control, '?');
  return result;
}

bool names_media_type(std::string_view accept, std::string_view media_type) {
  return names_with_weight(accept, media_type);
}

}  // namespace wghub::http
