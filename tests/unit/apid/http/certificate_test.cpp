#include "apid/http/certificate.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/unit/apid/http/temporary_directory.h"

using namespace wghub::http;

namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  REQUIRE(pipe);
  std::string output;
  std::array<char, 256> line{};
  while (fgets(line.data(), line.size(), pipe.get()) != nullptr) output += line.data();
  return output;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("MakesACertificateForNamesAndAddressesOnce") {
  const TemporaryDirectory folder;
  const CertificateFiles files{folder.path() + "/tls/certificate.pem", folder.path() + "/tls/key.pem"};
  make_certificate_if_absent(files, {"hub.example.com", "192.0.2.1", "2001:db8::1"});
  CHECK(mode_of(files.key) == 0600);
  CHECK(mode_of(folder.path() + "/tls") == 0700);
  const auto text = output_of("openssl x509 -noout -text -in " + files.certificate);
  for (const char* part : {"DNS:hub.example.com", "IP Address:192.0.2.1", "IP Address:2001:DB8:0:0:0:0:0:1",
                           "prime256v1", "CA:FALSE", "TLS Web Server Authentication"})
    CHECK(text.find(part) != std::string::npos);
  CHECK(output_of("openssl verify -CAfile " + files.certificate + " " + files.certificate).find(": OK") !=
        std::string::npos);
  const auto before = content_of(files.certificate);
  make_certificate_if_absent(files, {"other.example.com"});
  CHECK(content_of(files.certificate) == before);
}

TEST_CASE("ThePinIsWhatOpensslSays") {
  const TemporaryDirectory folder;
  const CertificateFiles files{folder.path() + "/c.pem", folder.path() + "/k.pem"};
  make_certificate_if_absent(files, {"localhost"});
  const auto expected =
      output_of("openssl x509 -pubkey -noout -in " + files.certificate +
                " | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | openssl base64");
  CHECK(public_key_pin(files.certificate) + "\n" == "sha256//" + expected);
}

TEST_CASE("WhatIsNoCertificateIsNamed") {
  const TemporaryDirectory folder;
  CHECK_THROWS_AS(public_key_pin(folder.path() + "/none.pem"), std::runtime_error);
  CHECK_THROWS_AS(make_certificate_if_absent({folder.path() + "/a/b/c.pem", folder.path() + "/k.pem"}, {}),
                  std::runtime_error);
}

TEST_CASE("TheEndOfACertificateIsWhatOpensslSays") {
  const TemporaryDirectory folder;
  const CertificateFiles files{folder.path() + "/c.pem", folder.path() + "/k.pem"};
  CHECK_FALSE(valid_until(files.certificate));
  make_certificate_if_absent(files, {"localhost"});
  const auto end = valid_until(files.certificate);
  REQUIRE(end);
  const auto told =
      output_of("date -u +%s -d \"$(openssl x509 -noout -enddate -in " + files.certificate + " | cut -d= -f2)\"");
  CHECK(*end == std::stoll(told));
}
