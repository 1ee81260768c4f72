// A value or the reason why there is none. Leaves the meaning of the reason to its user.
#pragma once

#include <type_traits>
#include <utility>
#include <variant>

namespace wghub {

/// Holds a T or an E; for outcomes that a caller acts on (what must never happen is an exception).
template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  template <class Reason>
  requires(std::is_convertible_v<Reason&&, E> && !std::is_convertible_v<Reason&&, T> &&
           !std::is_same_v<std::remove_cvref_t<Reason>, Result>)
      Result(Reason&& error)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : content_(std::in_place_index<1>, std::forward<Reason>(error)) {}

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
