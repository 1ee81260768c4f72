// The server certificate: made once when none is configured, and the pin that commands carry for such a one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/address.h"

namespace wghub::http {

struct CertificateFiles {
  std::string certificate;  ///< PEM path, chain included
  std::string key;          ///< PEM path
};

/// Makes an ECDSA P-256 certificate for the names (10 years) with its key (0600) when the files do not exist; atomic.
/// Errors: throws std::runtime_error naming the file.
void make_certificate_if_absent(const CertificateFiles& files, const std::vector<std::string>& names);

/// "sha256//" + base64 of SHA-256 over the certificate's SubjectPublicKeyInfo, as curl --pinnedpubkey takes it.
std::string public_key_pin(const std::string& certificate_path);

/// The end of the certificate's time, of the first in the file; nothing when it cannot be read. Units: epoch seconds.
std::optional<std::int64_t> valid_until(const std::string& certificate_path);

}  // namespace wghub::http
