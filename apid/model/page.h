// Pages of a list, newest first, by keyset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wghub {

/// Where a page starts: behind the row with this time and id.
struct Cursor {
  std::int64_t at = 0;
  std::string id;
};

struct PageRequest {
  int limit = 100;
  std::optional<Cursor> after;
};

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<Cursor> next;  ///< nothing at the end
};

}  // namespace wghub
