// A value or the reason why there is none. Leaves the meaning of the reason to its user.
#pragma once

#include <utility>
#include <variant>

namespace wghub {

/// Holds a T or an E; for outcomes that a caller acts on (what must never happen is an exception).
template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(E error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return content_.index() == 0; }
  T& operator*() { return std::get<0>(content_); }
  const T& operator*() const { return std::get<0>(content_); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }
  const E& error() const { return std::get<1>(content_); }

 private:
  std::variant<T, E> content_;
};

/// The value of a Result that only says «it worked».
struct Done {
  bool operator==(const Done&) const = default;
};

}  // namespace wghub
