// SHA-256: the names under which secrets are stored, the chain of the audit trail, checksums of files.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace wghub {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::span<const std::uint8_t> bytes);
Digest sha256(std::string_view text);

/// The same of a text that comes in parts. A copy goes on from where its original stands.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view text);
  /// Once; nothing may be added after it.
  Digest end();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// Two lower-case hex digits a byte.
std::string to_hex(std::span<const std::uint8_t> bytes);
void append_hex(std::string& text, std::span<const std::uint8_t> bytes);

/// Fills all bytes from hex digits of either case; false when there are not exactly as many, or others.
bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace wghub
