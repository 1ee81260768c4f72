// The forms of what people choose, and errors that name a field.
#pragma once

#include <optional>
#include <string>

#include "common/error.h"

namespace wghub {

inline constexpr std::size_t kUsernameLongest = 64;

/// INVALID_REQUEST for one field; message goes on after its name: "must have …".
Error field_error(std::string field, std::string message);

std::optional<Error> username_fault(const std::string& username);

}  // namespace wghub
