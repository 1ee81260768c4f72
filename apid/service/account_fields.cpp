#include "apid/service/account_fields.h"

#include <algorithm>
#include <utility>

namespace wghub {

Error field_error(std::string field, std::string message) {
  Error error(ErrorCode::invalid_request, field + " " + message + ".");
  error.faults.push_back({std::move(field), std::move(message)});
  return error;
}

std::optional<Error> username_fault(const std::string& username) {
  const auto is_good = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '.' ||
           character == '_' || character == '-' || character == '@';
  };
  if (username.empty() || username.size() > kUsernameLongest || !std::all_of(username.begin(), username.end(), is_good))
    return field_error("username", "must have 1 to 64 characters of a-z, 0-9, '.', '_', '-', '@'");
  return std::nullopt;
}

}  // namespace wghub
