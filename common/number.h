// Numbers as text, strictly: the whole text is the number. Leaves ranges narrower than the type's to its users.
#pragma once

#include <charconv>
#include <string_view>

namespace wghub {

/// Reads a number; false when the text is empty, has anything else in it, or does not fit the type.
template <class Number>
bool parse_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return fault == std::errc() && end == text.data() + text.size();
}

}  // namespace wghub
