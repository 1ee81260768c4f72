// Random identifiers and the hashes under which secrets are stored.
#pragma once

#include <string>
#include <string_view>

#include "apid/service/surroundings.h"
#include "common/secret.h"

namespace wghub {

/// A version 7 UUID: ids made together lie together in an index, so that a large table costs no more pages a row than a
/// small one. Units: now in epoch seconds; all behind it is random.
std::string make_uuid(const RandomBytes& random, std::int64_t now);

/// 32 random bytes as 43 base64url characters: installation tokens, session cookies.
Secret make_secret(const RandomBytes& random);

/// Whether a text has the form of make_secret's: 43 base64url characters.
bool is_token_form(std::string_view text);

/// Whether a text is a UUID in lower case with hyphens.
bool is_uuid(std::string_view text);

/// SHA-256 as 64 hex digits.
std::string sha256_hex(std::string_view text);

/// SHA-256 as 43 base64url characters.
std::string sha256_base64url(std::string_view text);

}  // namespace wghub
