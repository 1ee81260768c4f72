// What an account may do; each role includes those before it.
#pragma once

#include <optional>
#include <string_view>

namespace wghub {

enum class Role { viewer, operator_, admin };

constexpr std::string_view to_text(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "";
}

constexpr std::optional<Role> parse_role(std::string_view text) {
  if (text == "viewer") return Role::viewer;
  if (text == "operator") return Role::operator_;
  if (text == "admin") return Role::admin;
  return std::nullopt;
}

}  // namespace wghub
