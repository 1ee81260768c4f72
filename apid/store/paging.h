// How a list that was read one row too far becomes a page.
#pragma once

#include <cstddef>

#include "apid/model/page.h"

namespace wghub::store {

/// Keeps limit items; when there were more, next is the cursor of the last one kept.
template <class T, class MakeCursor>
void cut_page(Page<T>& page, int limit, MakeCursor make_cursor) {
  const auto kept = static_cast<std::size_t>(limit);
  if (page.items.size() <= kept) return;
  page.items.erase(page.items.begin() + limit, page.items.end());
  page.next = make_cursor(page.items.back());
}

}  // namespace wghub::store
