// The forms of texts that people and scripts send: names, addresses of the hub, networks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apid/model/spoke.h"
#include "common/address.h"
#include "common/error.h"

namespace wghub::endpoint {

inline constexpr std::size_t kNameBytes = 4 * 64;  ///< 64 code points of UTF-8
inline constexpr const char* kNameFault =
    "must have 1 to 64 characters, not only spaces, no control or text-direction characters";

/// Whether a text may be shown as a name: 1 to 64 code points, no controls, no bidirectional overrides, not only
/// spaces. The text is valid UTF-8 already.
bool is_display_name(std::string_view text);

/// Whether a text has no control and no text-direction characters. It is valid UTF-8 already.
bool is_plain_text(std::string_view text);

/// Whether a text is host:port or [v6]:port with a DNS name or an address literal.
bool is_endpoint(std::string_view text);

/// The network a hub may have: INVALID_CIDR unless it is private IPv4 of /16 to /30 without host bits.
Outcome<Network> parse_hub_network(std::string_view text);

/// ADDRESS or ADDRESS/PREFIX with a prefix that a network can have; a bare one becomes one with the full prefix.
std::optional<Network> parse_custom_address(std::string_view text);

std::optional<Platform> parse_platform(std::string_view text);

}  // namespace wghub::endpoint
