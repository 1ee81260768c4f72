// The TLS settings of the listener, as an OpenSSL context. Sockets are transport's.
#pragma once

#include <memory>

#include "apid/http/certificate.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace wghub::http {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// TLS 1.3, or 1.2 with ECDHE and AEAD too. Throws std::runtime_error naming the file that cannot be used.
TlsContext make_tls_context(const CertificateFiles& files, bool allow_tls12);

}  // namespace wghub::http
