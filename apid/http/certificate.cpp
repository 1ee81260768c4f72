#include "apid/http/certificate.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "common/state_directory.h"

namespace wghub::http {
namespace {

constexpr long kDay = 86400;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  ERR_clear_error();
  throw std::runtime_error(what + " " + path);
}

std::string subject_alternatives(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ",";
    list += (parse_address(name) ? "IP:" : "DNS:") + name;
  }
  return list;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_identity(X509* certificate, const std::vector<std::string>& names) {
  std::array<unsigned char, 16> serial{};
  if (RAND_bytes(serial.data(), static_cast<int>(serial.size())) != 1) return false;
  serial[0] &= 0x7f;  // positive, as RFC 5280 asks
  const std::unique_ptr<BIGNUM, Freer<BN_free>> number(BN_bin2bn(serial.data(), serial.size(), nullptr));
  if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) return false;
  const std::string common_name = "WireGuard Hub";
  auto* subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         (names.empty() || add_extension(certificate, NID_subject_alt_name, subject_alternatives(names)));
}

Certificate sign_for(EVP_PKEY* key, const std::vector<std::string>& names) {
  Certificate certificate(X509_new());
  const bool good = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    X509_set_pubkey(certificate.get(), key) == 1 &&
                    // Yesterday: the clocks of new machines are often behind.
                    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3650 * kDay) != nullptr &&
                    set_identity(certificate.get(), names) &&
                    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
                    X509_sign(certificate.get(), key, EVP_sha256()) > 0;
  if (!good) certificate.reset();
  return certificate;
}

// The text is wiped by OpenSSL's secure memory only where configured; the buffer lives as long as this call.
void write_file(const std::string& path, BIO* content, mode_t mode) {
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(content, &data));
  const std::filesystem::path file(path);
  const StateDirectory folder(file.parent_path());
  if (!folder.replace(file.filename(), {reinterpret_cast<const std::uint8_t*>(data), size}, mode)) {
    const std::string reason = std::strerror(errno);  // NOLINT(concurrency-mt-unsafe): read at once
    fail("cannot write (" + reason + ")", path);
  }
}

Certificate read_certificate(const std::string& path) {
  const Memory file(BIO_new_file(path.c_str(), "r"));
  Certificate certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!certificate) fail("cannot read a certificate from", path);
  return certificate;
}

}  // namespace

void make_certificate_if_absent(const CertificateFiles& files, const std::vector<std::string>& names) {
  // The certificate is written last: where it is, its key is too.
  if (std::filesystem::exists(files.certificate) && std::filesystem::exists(files.key)) return;
  for (const auto& path : {files.certificate, files.key}) {
    const auto folder = std::filesystem::path(path).parent_path();
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail("cannot make the folder", folder.string());
  }
  const PrivateKey key(EVP_EC_gen("P-256"));
  const auto certificate = key ? sign_for(key.get(), names) : nullptr;
  if (!certificate) fail("cannot make a certificate for", files.certificate);
  const Memory key_text(BIO_new(BIO_s_secmem()));
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  if (!key_text || !certificate_text ||
      PEM_write_bio_PKCS8PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1)
    fail("cannot encode the certificate for", files.certificate);
  write_file(files.key, key_text.get(), 0600);
  write_file(files.certificate, certificate_text.get(), 0644);
}

std::string public_key_pin(const std::string& certificate_path) {
  const auto certificate = read_certificate(certificate_path);
  unsigned char* encoded = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &encoded);
  if (length <= 0) fail("cannot read the public key of", certificate_path);
  std::array<unsigned char, 32> digest{};
  const bool hashed =
      EVP_Digest(encoded, static_cast<std::size_t>(length), digest.data(), nullptr, EVP_sha256(), nullptr) == 1;
  OPENSSL_free(encoded);
  if (!hashed) fail("cannot hash the public key of", certificate_path);
  std::array<unsigned char, 45> text{};
  EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return "sha256//" + std::string(text.begin(), text.end() - 1);
}

std::optional<std::int64_t> valid_until(const std::string& certificate_path) {
  const Memory file(BIO_new_file(certificate_path.c_str(), "r"));
  const Certificate certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  std::tm end{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return ::timegm(&end);
}

}  // namespace wghub::http
