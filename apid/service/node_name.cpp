#include "apid/service/node_name.h"

#include <algorithm>

namespace wghub {
namespace {

constexpr std::size_t kLongestLabel = 63;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_node_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestLabel && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
}

std::string node_name_of(std::string_view host_name) {
  const bool is_address = host_name.find_first_not_of("0123456789.") == std::string_view::npos;
  return std::string(is_address ? host_name : host_name.substr(0, host_name.find('.')));
}

}  // namespace wghub
