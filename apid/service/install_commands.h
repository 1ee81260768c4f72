// The commands that an admin hands to a spoke's owner. What they fetch is script_renderer's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apid/model/spoke.h"
#include "apid/model/token.h"

namespace wghub {

/// In sh single quotes, whatever the text holds.
std::string shell_quote(std::string_view text);
/// In PowerShell single quotes.
std::string powershell_quote(std::string_view text);

std::string script_url(const Token& token, std::string_view token_text, Platform platform);

/// The one command to paste (R7, R60); pinned when the hub's certificate is self-made.
std::string install_command(const Token& token, std::string_view token_text, Platform platform);

/// The same with GNU wget, for a machine without curl; nothing where that is never the case. It runs a refusal's body
/// too, which says why, and pins as well: wget keeps to the pin though it does not ask who signed the certificate.
std::optional<std::string> wget_command(const Token& token, std::string_view token_text, Platform platform);

/// Download, check the sum, run (R8).
std::string audit_command(const Token& token, std::string_view token_text, Platform platform, std::string_view sha256);

}  // namespace wghub
