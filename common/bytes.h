// Records without padding as bytes, and checksums at their ends.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "common/digest.h"

namespace wghub {

using Bytes = std::span<const std::uint8_t>;

/// A fixed-size record as bytes.
template <class Record>
Bytes bytes_of(const Record& record) {
  static_assert(std::has_unique_object_representations_v<Record>, "padding could carry old memory");
  return {reinterpret_cast<const std::uint8_t*>(&record), sizeof record};
}

/// The checksum of a record that ends with a Digest: SHA-256 of all before that.
template <class Record>
Digest checksum_of(const Record& record) {
  return sha256(bytes_of(record).first(sizeof record - sizeof(Digest)));
}

}  // namespace wghub
