#include "apid/service/install_commands.h"

#include <array>
#include <cstdio>

#include "tests/catch.hpp"

using namespace wghub;

namespace {

// What a shell makes of a text: the command only prints its argument.
std::string through_shell(const std::string& quoted) {
  std::string output;
  FILE* pipe = popen(("printf %s " + quoted).c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 256> buffer{};
  for (std::size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), got);
  CHECK(pclose(pipe) == 0);
  return output;
}

Token token(const char* pin) {
  Token result;
  result.base_url = "https://hub.example.com:8443";
  result.certificate_pin = pin;
  return result;
}

constexpr auto kText = "Kd8jD_s9fN2mP1qR6tV8wX0yZ5aB3cE7gH4iJkLmNoP";

}  // namespace

TEST_CASE("A text in shell quotes is one word whatever it holds") {
  for (const char* text :
       {"plain", "", "$(id)", "`id`", "';id;'", "a\"b", "a\nb", "%s", "\\", "'", "''", "é", "-n", "a b\tc", "*", "!x"})
    CHECK(through_shell(shell_quote(text)) == text);
}

TEST_CASE("A text in PowerShell quotes doubles its quotes and nothing else") {
  CHECK(powershell_quote("it's $(x) `y \"z\"") == "'it''s $(x) `y \"z\"'");
  CHECK(powershell_quote("") == "''");
}

TEST_CASE("The command fetches over TLS only and quotes its address") {
  CHECK(install_command(token(""), kText, Platform::linux) ==
        std::string("curl -sSL --proto '=https' --tlsv1.2 'https://hub.example.com:8443/api/installation/script/") +
            kText + "?platform=linux' | sudo bash");
  CHECK(install_command(token(""), kText, Platform::proxmox).ends_with("?platform=proxmox' | bash"));
  CHECK(install_command(token(""), kText, Platform::windows).ends_with("?platform=windows' | Invoke-Expression"));
}

TEST_CASE("A certificate of the hub's own is pinned and only then not asked for") {
  for (const auto platform : {Platform::linux, Platform::macos, Platform::windows, Platform::proxmox}) {
    const auto pinned = install_command(token("sha256//abc="), kText, platform);
    CHECK(pinned.find(" -k --pinnedpubkey 'sha256//abc='") != std::string::npos);
    CHECK(install_command(token(""), kText, platform).find(" -k") == std::string::npos);
    CHECK(audit_command(token(""), kText, platform, "00").find(" -k") == std::string::npos);
  }
}

TEST_CASE("The careful command checks the sum before anything runs") {
  const auto command = audit_command(token(""), kText, Platform::linux, "0123abcd");
  const auto check = command.find("echo '0123abcd  wghub.sh' | sha256sum -c && ");
  REQUIRE(check != std::string::npos);
  CHECK(command.find("sh wghub.sh") > check);
  CHECK(audit_command(token(""), kText, Platform::macos, "00").find("shasum -a 256 -c &&") != std::string::npos);
}

TEST_CASE("The command for wget runs what a refusal says and pins as curl does") {
  const std::string url = std::string("'https://hub.example.com:8443/api/installation/script/") + kText + "?platform=";
  CHECK(wget_command(token(""), kText, Platform::linux) ==
        "wget -qO- --content-on-error --max-redirect=0 " + url + "linux' | sudo sh");
  CHECK(wget_command(token("sha256//abc="), kText, Platform::proxmox) ==
        "wget -qO- --content-on-error --max-redirect=0 --no-check-certificate --pinnedpubkey='sha256//abc=' " + url +
            "proxmox' | sh");
  CHECK_FALSE(wget_command(token(""), kText, Platform::macos));
  CHECK_FALSE(wget_command(token(""), kText, Platform::windows));
}

TEST_CASE("Windows PowerShell is told to use TLS 1.2 wherever it fetches itself, and says when a sum differs") {
  const std::string tls = "[Net.ServicePointManager]::SecurityProtocol -bor 3072 }; Invoke-";
  const auto audit = audit_command(token(""), kText, Platform::windows, "00");
  CHECK(install_command(token(""), kText, Platform::windows).find(tls + "RestMethod") != std::string::npos);
  CHECK(audit.find(tls + "WebRequest") != std::string::npos);
  CHECK(audit.ends_with("else { throw 'wghub.ps1 is not what the hub made' }"));
  for (const auto& command : {install_command(token("sha256//abc="), kText, Platform::windows),
                              audit_command(token("sha256//abc="), kText, Platform::windows, "00")})
    CHECK(command.find("Invoke-RestMethod") + command.find("Invoke-WebRequest") == 2 * std::string::npos);
}
