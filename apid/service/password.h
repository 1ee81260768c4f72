// Passwords: what is accepted, and Argon2id with at most two computations at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/error.h"

namespace wghub {

/// Why a password is not accepted, in words for the field's message; nothing when it is.
std::optional<std::string> password_fault(std::string_view password, std::string_view username);

/// Thread-safe. Errors: RATE_LIMITED with retry_after when too many wait already (a flood must not take the memory).
class PasswordHasher {
 public:
  Outcome<std::string> hash(std::string_view password);
  /// An empty encoded hash costs the same time and says false, so that unknown users cannot be told apart.
  Outcome<bool> verify(const std::string& encoded, std::string_view password);

 private:
  class Turn;
  std::optional<Error> enter();
  void leave();

  std::mutex mutex_;
  std::condition_variable free_;
  int running_ = 0;
  int waiting_ = 0;
};

}  // namespace wghub
