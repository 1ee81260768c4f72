// Hostile values -> the script templates. A value is refused, or it stands in the script as one quoted word that means
// just that value: found by laying the template beside the script and reading the words with a small parser of quotes.
#include <fstream>
#include <map>
#include <optional>

#include "apid/service/install_commands.h"
#include "apid/service/script_renderer.h"
#include "tests/fuzz/fuzz.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

const std::string kShare = WGHUB_SOURCE "/share";
const std::string kInstall = kShare + "/install/";

using Values = std::map<std::string, std::string>;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string template_text(const std::string& name) {
  auto text = read_file(kInstall + name);
  claim(!text.empty(), "the template is there");
  for (auto at = text.find("{{INCLUDE "); at != std::string::npos; at = text.find("{{INCLUDE ")) {
    const auto end = text.find("}}\n", at);
    text.replace(at, end + 3 - at, read_file(kInstall + "lib/" + text.substr(at + 10, end - at - 10)));
  }
  return text;
}

/// Takes a word of sh off the front: '…' and \' alone, up to what neither of them begins. Nothing when it is not
/// closed.
std::optional<std::string> take_sh_word(std::string_view& script) {
  std::string value;
  while (!script.empty() && (script.front() == '\'' || script.starts_with("\\'"))) {
    const bool escaped = script.front() == '\\';
    const auto end = escaped ? 2 : script.find('\'', 1);
    if (end == std::string_view::npos) return std::nullopt;
    value += script.substr(1, escaped ? 1 : end - 1);
    script.remove_prefix(escaped ? 2 : end + 1);
  }
  return value;
}

/// Takes a PowerShell string off the front: '…', in which '' is a quote.
std::optional<std::string> take_powershell_word(std::string_view& script) {
  std::string value;
  if (!script.starts_with('\'')) return std::nullopt;
  for (script.remove_prefix(1);; script.remove_prefix(1)) {
    const auto end = script.find('\'');
    if (end == std::string_view::npos) return std::nullopt;
    value += script.substr(0, end);
    script.remove_prefix(end + 1);
    if (!script.starts_with('\'')) return value;
    value += '\'';
  }
}

/// Claims that the script is the template with just these values in its placeholders.
void check(const std::string& name, std::string_view script, const Values& values) {
  const auto text = template_text(name);
  const bool powershell = name.find(".ps1.") != std::string::npos;
  std::string_view rest = text;
  for (auto at = rest.find("{{"); at != std::string_view::npos; at = rest.find("{{")) {
    claim(script.substr(0, at) == rest.substr(0, at), "what stands between the values is the template's");
    script.remove_prefix(std::min(at, script.size()));
    const auto end = rest.find("}}", at);
    const std::string placeholder(rest.substr(at + 2, end - at - 2));
    rest.remove_prefix(end + 2);
    if (placeholder == "EXIT_CODE") {
      const auto digits = script.substr(0, script.find_first_not_of("0123456789"));
      claim(digits == values.at(placeholder), "an exit code is a number");
      script.remove_prefix(digits.size());
      continue;
    }
    const auto word = powershell ? take_powershell_word(script) : take_sh_word(script);
    claim(word.has_value(), "a value stays inside its quotes");
    const auto wanted = values.find(placeholder);
    if (wanted != values.end()) claim(*word == wanted->second, "a value means itself");
  }
  claim(script == rest, "behind the last value is the template's end");
}

/// Of the characters that are allowed somewhere, or of any.
std::string value_of(FuzzedDataProvider& input) {
  constexpr char kOften[] = "aZ09:/.-_~[]+='\"`$\\;&|<>(){}\n\t %!#*?^";
  if (input.ConsumeIntegralInRange(0, 3) == 0) return input.ConsumeRandomLengthString(200);
  std::string value;
  for (auto left = input.ConsumeIntegralInRange(0, 24); left > 0; --left)
    value += kOften[input.ConsumeIntegralInRange<std::size_t>(0, sizeof kOften - 2)];
  return value;
}

Token token_of(FuzzedDataProvider& input) {
  Token token;
  token.hash = std::string(64, 'a');
  token.spoke_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  token.hub_endpoint = "vpn.example.com:51820";
  token.base_url = "https://hub.example.com";
  token.certificate_pin = input.ConsumeBool() ? "sha256//AbC+/=" : "";
  token.network = *parse_network("10.77.0.0/24");
  token.address = *parse_address("10.77.0.9");
  token.dns = {*parse_address("9.9.9.9"), *parse_address("2620:fe::fe")};
  token.created_at = input.ConsumeIntegral<std::int64_t>();
  token.persistent_keepalive = input.ConsumeIntegral<int>();
  std::string* const changed[] = {&token.spoke_id, &token.hub_endpoint, &token.base_url, &token.certificate_pin,
                                  &token.spoke_name};
  for (auto* field : changed) {
    const auto how = input.ConsumeIntegralInRange(0, 3);
    if (how == 0) *field = value_of(input);
    if (how == 1) field->insert(input.ConsumeIntegralInRange<std::size_t>(0, field->size()), value_of(input));
  }
  return token;
}

void render_install(const ScriptRenderer& renderer, FuzzedDataProvider& input) {
  const auto token = token_of(input);
  const auto text = input.ConsumeIntegralInRange(0, 3) == 0 ? value_of(input) : std::string(43, 'T');
  const auto platform = input.PickValueInArray({Platform::linux, Platform::windows, Platform::proxmox});
  std::string script;
  try {
    script = renderer.install_script(token, text, platform);
  } catch (const std::runtime_error&) {
    return;  // not on the allow-list
  }
  const Values values = {{"TOKEN", text},
                         {"HUB_ENDPOINT", token.hub_endpoint},
                         {"SPOKE_ID", token.spoke_id},
                         {"SPOKE_IP", "10.77.0.9/24"},
                         {"NETWORK_CIDR", "10.77.0.0/24"},
                         {"BASE_URL", token.base_url},
                         {"REPORT_URL", token.base_url + "/api/installation/report"},
                         {"CERTIFICATE_PIN", token.certificate_pin},
                         {"CREATED_AT", std::to_string(token.created_at)},
                         {"PERSISTENT_KEEPALIVE", std::to_string(token.persistent_keepalive)},
                         {"COMMAND", install_command(token, text, platform)}};
  const auto name = std::string(to_text(platform)) + (platform == Platform::windows ? ".ps1.template" : ".sh.template");
  check(name, script, values);
}

void render_others(const ScriptRenderer& renderer, FuzzedDataProvider& input) {
  const auto first = value_of(input);
  const auto second = value_of(input);
  const int code = input.ConsumeIntegralInRange(0, 255);
  check("error.sh.template", renderer.error_script({first, code}, false),
        {{"MESSAGE", first}, {"EXIT_CODE", std::to_string(code)}});
  check("resume.sh.template", renderer.resume_script(first, second), {{"TOKEN_HASH", first}, {"USED_AT", second}});
  const auto thrown = renderer.error_script({first, code}, true);
  auto rest = std::string_view(thrown);
  claim(rest.starts_with("throw "), "Windows is thrown a text");
  rest.remove_prefix(6);
  const auto message = take_powershell_word(rest);
  claim(message == first && rest == "\n", "and nothing else");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ScriptRenderer renderer(kShare);
  FuzzedDataProvider input(data, size);
  input.ConsumeBool() ? render_install(renderer, input) : render_others(renderer, input);
  return 0;
}
