// Looking things up in maps without naming iterators.
#pragma once

namespace wghub {

/// What the map has under key, or nullptr.
template <class Map>
const typename Map::mapped_type* find_in(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace wghub
