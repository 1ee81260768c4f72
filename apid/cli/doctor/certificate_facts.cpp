// The part of machine_facts.h that reads a certificate.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "apid/cli/doctor/machine_facts.h"

namespace wghub::cli {

CertificateFact look_at_certificate(const std::string& path, const std::string& host) {
  CertificateFact fact{path};
  fact.host = host;
  const std::unique_ptr<BIO, void (*)(BIO*)> file(BIO_new_file(path.c_str(), "r"), BIO_free_all);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  ERR_clear_error();
  if (!certificate) return fact;
  fact.is_readable = true;
  int days = 0;
  int seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) == 1)
    fact.days_left = seconds < 0 && days == 0 ? -1 : days;
  fact.names_host = parse_address(host)
                        ? X509_check_ip_asc(certificate.get(), host.c_str(), 0) == 1
                        : X509_check_host(certificate.get(), host.c_str(), host.size(), 0, nullptr) == 1;
  return fact;
}

}  // namespace wghub::cli
