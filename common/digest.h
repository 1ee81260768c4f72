// SHA-256: the names under which secrets are stored, the chain of the audit trail, checksums of files.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wghub {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::span<const std::uint8_t> bytes);
Digest sha256(std::string_view text);

/// Two lower-case hex digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
void append_hex(std::string& text, std::span<const std::uint8_t> bytes);

/// Fills all bytes from hex digits of either case; false when there are not exactly as many, or others.
bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace wghub
