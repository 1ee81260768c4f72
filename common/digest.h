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

/// 64 lower-case hex digits.
std::string to_hex(const Digest& digest);

}  // namespace wghub
