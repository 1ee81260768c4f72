#include "apid/service/script_renderer.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/install_commands.h"

namespace wghub {
namespace {

constexpr std::string_view kInclude = "{{INCLUDE ";
constexpr std::size_t kLargestTemplate = 256 * 1024;

std::string read_template(const std::string& path) {
  if (!std::filesystem::is_regular_file(path)) throw std::runtime_error("cannot read the script template " + path);
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || text.empty()) throw std::runtime_error("cannot read the script template " + path);
  const bool plain = std::all_of(
      text.begin(), text.end(), [](char byte) { return byte == '\n' || byte == '\t' || (byte >= ' ' && byte <= '~'); });
  if (!plain || text.size() > kLargestTemplate)
    throw std::runtime_error("the script template " + path + " is not plain ASCII with LF line ends, or too large");
  return text;
}

// A file below lib/, and no way out of there.
bool is_include_name(std::string_view name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos && name.front() != '/' &&
         name.back() != '/' && name.find("//") == std::string_view::npos && name.find("..") == std::string_view::npos;
}

std::string with_includes(const std::string& directory, const std::string& text) {
  std::string result;
  std::size_t position = 0;
  while (true) {
    const auto start = text.find(kInclude, position);
    if (start == std::string::npos) return result + text.substr(position);
    const auto end = text.find("}}\n", start);
    const std::string name = text.substr(start + kInclude.size(), end - start - kInclude.size());
    if (end == std::string::npos || !is_include_name(name))
      throw std::runtime_error("a bad {{INCLUDE …}} in " + directory);
    result.append(text, position, start - position);
    result += read_template(fmt::format("{}/lib/{}", directory, name));
    position = end + 3;
  }
}

bool consists_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

// R13's allow-lists. The values were checked when they came in; this is the last gate before a root shell.
void check(bool good, const char* name) {
  if (!good) throw std::runtime_error(fmt::format("the value of {} may not stand in a script", name));
}

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void check_values(const Token& token, std::string_view token_text) {
  const std::string url_characters = std::string(kLetters) + ":/.-_~[]";
  check(is_token_form(token_text), "TOKEN");
  check(!token.hub_endpoint.empty() && consists_of(token.hub_endpoint, std::string(kLetters) + ".:-[]"),
        "HUB_ENDPOINT");
  check(token.base_url.starts_with("https://") && consists_of(token.base_url, url_characters), "BASE_URL");
  check(token.certificate_pin.empty() || (token.certificate_pin.starts_with("sha256//") &&
                                          consists_of(token.certificate_pin, std::string(kLetters) + "+/=")),
        "CERTIFICATE_PIN");
  check(is_uuid(token.spoke_id), "SPOKE_ID");
}

std::string joined(const std::vector<Address>& addresses) {
  std::string text;
  for (const auto& address : addresses) {
    if (!text.empty()) text += ", ";
    text += to_string(address);
  }
  return text;
}

ScriptTemplate platform_template(const std::string& directory, Platform platform) {
  const char* ending = platform == Platform::windows ? ".ps1.template" : ".sh.template";
  return {directory, std::string(to_text(platform)) + ending};
}

ScriptValues values_of(const Token& token, std::string_view token_text, Platform platform) {
  check_values(token, token_text);
  ScriptValues values = {
      {"TOKEN", std::string(token_text)},
      {"TOKEN_HASH", token.hash},
      {"PLATFORM", std::string(to_text(platform))},
      {"HUB_ENDPOINT", token.hub_endpoint},
      {"HUB_PUBLIC_KEY", to_base64(token.hub_public_key)},
      {"SPOKE_ID", token.spoke_id},
      {"SPOKE_IP", to_string(Network{token.address, token.network.prefix})},
      {"NETWORK_CIDR", to_string(token.network)},
      {"HUB_VPN_IP", to_string(first_host(token.network))},
      {"DNS_SERVERS", joined(token.dns)},
      {"PERSISTENT_KEEPALIVE", std::to_string(token.persistent_keepalive)},
      {"BASE_URL", token.base_url},
      {"CALLBACK_URL", token.base_url + "/api/spoke/register"},
      {"REPORT_URL", token.base_url + "/api/installation/report"},
      {"CERTIFICATE_PIN", token.certificate_pin},
      {"CREATED_AT", std::to_string(token.created_at)},
      {"EXPIRES_AT", std::to_string(token.expires_at)},
      {"COMMAND", install_command(token, token_text, platform)},
  };
  const bool windows = platform == Platform::windows;
  for (auto& [name, value] : values) value = windows ? powershell_quote(value) : shell_quote(value);
  return values;
}

}  // namespace

ScriptTemplate::ScriptTemplate(const std::string& directory, const std::string& file) : name_(file) {
  const std::string text = with_includes(directory, read_template(directory + "/" + file));
  std::size_t position = 0;
  while (position < text.size()) {
    const auto start = text.find("{{", position);
    const auto end = start == std::string::npos ? start : text.find("}}", start);
    if (end == std::string::npos) break;
    const std::string name = text.substr(start + 2, end - start - 2);
    if (name.empty() || !consists_of(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
      throw std::runtime_error(fmt::format("a bad placeholder in {}", file));
    pieces_.emplace_back(text.substr(position, start - position), name);
    position = end + 2;
  }
  pieces_.emplace_back(text.substr(position), "");
  beginning_.add(pieces_.front().first);
}

const std::string& ScriptTemplate::value_of(const std::string& placeholder, const ScriptValues& values) const {
  static const std::string none;
  if (placeholder.empty()) return none;
  const auto value =
      std::find_if(values.begin(), values.end(), [&](const auto& known) { return known.first == placeholder; });
  if (value == values.end()) throw std::runtime_error(fmt::format("no value for {} in {}", placeholder, name_));
  return value->second;
}

std::string ScriptTemplate::render(const ScriptValues& values) const {
  std::string script;
  for (const auto& [literal, placeholder] : pieces_) {
    script += literal;
    script += value_of(placeholder, values);
  }
  return script;
}

Digest ScriptTemplate::digest(const ScriptValues& values) const {
  Sha256 sum = beginning_;
  bool first = true;
  for (const auto& [literal, placeholder] : pieces_) {
    if (!std::exchange(first, false)) sum.add(literal);
    sum.add(value_of(placeholder, values));
  }
  return sum.end();
}

ScriptRenderer::ScriptRenderer(const std::string& share_directory)
    : install_{{Platform::linux, platform_template(share_directory + "/install", Platform::linux)},
               {Platform::proxmox, platform_template(share_directory + "/install", Platform::proxmox)},
               {Platform::macos, platform_template(share_directory + "/install", Platform::macos)},
               {Platform::windows, platform_template(share_directory + "/install", Platform::windows)}},
      error_(share_directory + "/install", "error.sh.template"),
      resume_(share_directory + "/install", "resume.sh.template") {}

std::string ScriptRenderer::install_script(const Token& token, std::string_view token_text, Platform platform) const {
  return install_.at(platform).render(values_of(token, token_text, platform));
}

Digest ScriptRenderer::install_script_digest(const Token& token, std::string_view token_text, Platform platform) const {
  return install_.at(platform).digest(values_of(token, token_text, platform));
}

std::string ScriptRenderer::error_script(const ScriptError& error, bool windows) const {
  if (windows) return fmt::format("throw {}\n", powershell_quote(error.message));
  return error_.render({{"MESSAGE", shell_quote(error.message)}, {"EXIT_CODE", std::to_string(error.exit_code)}});
}

std::string ScriptRenderer::resume_script(const std::string& token_hash, const std::string& used_at) const {
  return resume_.render({{"TOKEN_HASH", shell_quote(token_hash)}, {"USED_AT", shell_quote(used_at)}});
}

}  // namespace wghub
