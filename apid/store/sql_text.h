// Statements put together while compiling, so that several may share a list of columns. Nothing is joined at run time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace wghub::store {

template <std::size_t size>
struct SqlText {
  std::array<char, size> characters{};
  constexpr operator std::string_view() const {
    return {characters.data(), size};
  }  // NOLINT(google-explicit-constructor)
};

/// sql(kSelectSpoke, " WHERE id = :id")
template <std::size_t... lengths>
consteval auto sql(const char (&... parts)[lengths]) {
  SqlText<(lengths + ...) - sizeof...(lengths)> text;
  auto* place = text.characters.begin();
  ((place = std::copy(parts, parts + lengths - 1, place)), ...);
  return text;
}

}  // namespace wghub::store
