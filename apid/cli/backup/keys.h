// What closes and opens a backup: a passphrase that a person knows, or the key pair of a recipient. Never out of the
// arguments, which everybody can read, but the recipient's public key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apid/cli/backup/fault.h"
#include "common/key.h"
#include "common/secret.h"
#include "common/secret_key.h"

namespace wghub::cli {

/// "whbp_" and 43 characters of base64url; nothing when it is not that.
std::optional<PublicKey> parse_recipient(std::string_view text);
std::string recipient_text(const PublicKey& key);

/// "whbs_" likewise.
Secret secret_key_text(const SecretKey& key);
/// Out of the first line of a file. Errors: Fault.
void read_secret_key(const std::string& path, SecretKey& key);

/// Whether a passphrase is for a new backup, and asked for twice, or for one that there is.
enum class Passphrase { chosen, known };

/// The first line of the file, or, without one, asked for at the terminal; without a terminal the first line of stdin.
/// Errors: Fault when it is shorter than 12 characters (a chosen one) or longer than 1 KiB, or the file is anybody's.
Secret read_passphrase(const std::string& path, Passphrase which);

}  // namespace wghub::cli
