// Codes of a second factor: RFC 6238 by liboath (SHA-1, six digits, 30 s), and how secrets and recovery codes look.
// Pure; what was used before is SecondFactor's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apid/service/surroundings.h"
#include "common/secret.h"

namespace wghub::totp {

/// 20 random bytes in base32, 32 characters.
Secret make_secret(const RandomBytes& random);

/// What an authenticator app takes: otpauth://totp/….
Secret uri_of(const Secret& secret, std::string_view username);

/// The 30 s step that the code belongs to: that of now, the one before or the one after; nothing for a wrong code.
/// Units: now in epoch seconds.
std::optional<std::int64_t> step_of(const Secret& secret, std::string_view code, std::int64_t now);

/// 80 random bits in base32: "abcd-efgh-ijkl-mnop".
Secret make_recovery_code(const RandomBytes& random);

/// What somebody typed, without spaces and hyphens, in lower case.
Secret normalised(std::string_view typed);

/// Of a normalised text.
bool is_code(std::string_view text);
bool is_recovery_code(std::string_view text);

}  // namespace wghub::totp
