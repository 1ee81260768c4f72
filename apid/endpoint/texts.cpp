#include "apid/endpoint/texts.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "common/number.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kMostCodePoints = 64;
constexpr std::size_t kLongestHost = 253;

// Decodes UTF-8 that is known to be valid.
std::vector<char32_t> code_points(std::string_view text) {
  std::vector<char32_t> points;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte & 0xc0U) != 0x80) {
      const unsigned kept = byte < 0x80 ? 0x7fU : byte >= 0xf0 ? 0x07U : byte >= 0xe0 ? 0x0fU : 0x1fU;
      points.push_back(byte & kept);
    } else if (!points.empty()) {
      points.back() = points.back() << 6 | (byte & 0x3fU);
    }
  }
  return points;
}

bool is_forbidden(char32_t point) {
  const bool control = point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029;
  const bool direction = point == 0x061c || point == 0x200e || point == 0x200f ||
                         (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
  return control || direction;
}

bool is_space(char32_t point) {
  return point == ' ' || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200d) || point == 0x202f ||
         point == 0x205f || point == 0x3000 || point == 0xfeff;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  return parse_number(text, port) && text.front() != '0' && port <= 65535;
}

bool is_label(std::string_view label) {
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !label.empty() && label.size() <= 63 && is_alphanumeric(label.front()) && is_alphanumeric(label.back()) &&
         std::all_of(label.begin(), label.end(), [&](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kLongestHost) return false;
  // A name of digits and dots alone is meant as an address.
  if (host.find_first_not_of("0123456789.") == std::string_view::npos) {
    const auto address = parse_address(host);
    return address && address->family == Family::ipv4;
  }
  while (true) {
    const auto dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_display_name(std::string_view text) {
  const auto points = code_points(text);
  return !points.empty() && points.size() <= kMostCodePoints &&
         std::none_of(points.begin(), points.end(), is_forbidden) &&
         !std::all_of(points.begin(), points.end(), is_space);
}

bool is_plain_text(std::string_view text) {
  const auto points = code_points(text);
  return std::none_of(points.begin(), points.end(), is_forbidden);
}

bool is_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size() || !is_port(text.substr(colon + 1))) return false;
  const auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const auto address = parse_address(host.substr(1, host.size() - 2));
    return address && address->family == Family::ipv6;
  }
  return is_host_name(host);
}

Outcome<Network> parse_hub_network(std::string_view text) {
  const auto network = parse_network(text);
  const bool good = network && network->address.family == Family::ipv4 && is_hub_network(*network);
  if (!good) return ErrorCode::invalid_cidr;
  return *network;
}

std::optional<Network> parse_custom_address(std::string_view text) {
  if (text.find('/') != std::string_view::npos) {
    const auto network = parse_network(text);
    const bool has_prefix = network && network->prefix < bits_of(network->address.family);
    return has_prefix ? network : std::nullopt;  // /32 is what an address without prefix becomes, not a network's
  }
  const auto address = parse_address(text);
  if (!address) return std::nullopt;
  return Network{*address, bits_of(address->family)};
}

std::optional<Platform> parse_platform(std::string_view text) {
  for (const auto platform : {Platform::linux, Platform::macos, Platform::windows, Platform::proxmox}) {
    if (to_text(platform) == text) return platform;
  }
  return std::nullopt;
}

}  // namespace wghub::endpoint
