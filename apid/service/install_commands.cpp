#include "apid/service/install_commands.h"

#include <fmt/format.h>

namespace wghub {
namespace {

std::string quote(std::string_view text, std::string_view escaped_quote) {
  std::string quoted = "'";
  quoted.reserve(text.size() + 2);
  for (auto place = text.find('\''); place != std::string_view::npos; place = text.find('\'')) {
    quoted.append(text.substr(0, place)).append(escaped_quote);
    text.remove_prefix(place + 1);
  }
  return quoted.append(text).append("'");
}

// curl checks the pin even with -k: as safe as a public certificate for a hub that made its own.
std::string curl_pin(const Token& token) {
  return token.certificate_pin.empty() ? "" : fmt::format(" -k --pinnedpubkey '{}'", token.certificate_pin);
}

// Old .NET offers TLS 1.0 unless told otherwise. 0 is the system's own choice, which has 1.2 and on Windows 11
// also 1.3: adding anything to it would take 1.3 away.
constexpr const char* kWindowsTls =
    "if ([int][Net.ServicePointManager]::SecurityProtocol) { [Net.ServicePointManager]::SecurityProtocol = "
    "[Net.ServicePointManager]::SecurityProtocol -bor 3072 }; ";

std::string windows_fetch(const Token& token, const std::string& url) {
  if (token.certificate_pin.empty()) {
    return fmt::format("{}Invoke-RestMethod -UseBasicParsing {}", kWindowsTls, powershell_quote(url));
  }
  return fmt::format("(curl.exe -sSL --proto '=https' --tlsv1.2{} {}) -join \"`n\"", curl_pin(token),
                     powershell_quote(url));
}

}  // namespace

std::string shell_quote(std::string_view text) { return quote(text, R"('\'')"); }

std::string powershell_quote(std::string_view text) { return quote(text, "''"); }

std::string script_url(const Token& token, std::string_view token_text, Platform platform) {
  return fmt::format("{}/api/installation/script/{}?platform={}", token.base_url, token_text, to_text(platform));
}

std::string install_command(const Token& token, std::string_view token_text, Platform platform) {
  const std::string url = script_url(token, token_text, platform);
  if (platform == Platform::windows) return windows_fetch(token, url) + " | Invoke-Expression";
  const char* shell = platform == Platform::proxmox ? "bash" : "sudo bash";  // Proxmox VE has root shells and no sudo
  return fmt::format("curl -sSL --proto '=https' --tlsv1.2{} {} | {}", curl_pin(token), shell_quote(url), shell);
}

std::optional<std::string> wget_command(const Token& token, std::string_view token_text, Platform platform) {
  if (platform != Platform::linux && platform != Platform::proxmox) return std::nullopt;
  const std::string pin = token.certificate_pin.empty() ? ""
                                                        : fmt::format(" --no-check-certificate --pinnedpubkey={}",
                                                                      shell_quote(token.certificate_pin));
  return fmt::format("wget -qO- --content-on-error --max-redirect=0{} {} | {}", pin,
                     shell_quote(script_url(token, token_text, platform)),
                     platform == Platform::proxmox ? "sh" : "sudo sh");
}

std::string audit_command(const Token& token, std::string_view token_text, Platform platform, std::string_view sha256) {
  const std::string url = script_url(token, token_text, platform);
  if (platform == Platform::windows) {
    const std::string fetch = token.certificate_pin.empty()
                                  ? fmt::format("{}Invoke-WebRequest -UseBasicParsing {} -OutFile wghub.ps1",
                                                kWindowsTls, powershell_quote(url))
                                  : fmt::format("curl.exe -fsSL --proto '=https' --tlsv1.2{} {} -o wghub.ps1",
                                                curl_pin(token), powershell_quote(url));
    return fmt::format(
        "{}; if ((Get-FileHash wghub.ps1 -Algorithm SHA256).Hash -eq '{}') "
        "{{ powershell -NoProfile -ExecutionPolicy Bypass -File wghub.ps1 }} "
        "else {{ throw 'wghub.ps1 is not what the hub made' }}",
        fetch, sha256);
  }
  const char* check = platform == Platform::macos ? "shasum -a 256 -c" : "sha256sum -c";
  const char* shell = platform == Platform::proxmox ? "sh" : "sudo sh";
  return fmt::format(
      "curl -fsSL --proto '=https' --tlsv1.2{} {} -o wghub.sh && echo '{}  wghub.sh' | {} && {} wghub.sh",
      curl_pin(token), shell_quote(url), sha256, check, shell);
}

}  // namespace wghub
