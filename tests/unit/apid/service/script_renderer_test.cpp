#include "apid/service/script_renderer.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "apid/service/install_commands.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;

namespace {

const std::string kShare = WGHUB_SOURCE "/share";
const std::string kText(43, 'T');

Token good_token() {
  Token token = store::make_token(5);
  token.spoke_id = "0f8fad5b-d9cb-469f-a165-70867728950e";
  token.hub_endpoint = "vpn.example.com:51820";
  token.base_url = "https://hub.example.com";
  token.certificate_pin = "sha256//AbC+/=";
  token.dns = {*parse_address("9.9.9.9"), *parse_address("2620:fe::fe")};
  return token;
}

void write(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("A script is a pure function of its token and holds no placeholder") {
  const ScriptRenderer renderer(kShare);
  for (const auto platform : {Platform::linux, Platform::macos, Platform::windows, Platform::proxmox}) {
    const auto script = renderer.install_script(good_token(), kText, platform);
    CHECK(script == renderer.install_script(good_token(), kText, platform));
    CHECK(script.find("{{") == std::string::npos);
    CHECK(script.find(kText) != std::string::npos);
  }
  const auto script = renderer.install_script(good_token(), kText, Platform::linux);
  CHECK(script.starts_with("#!/bin/sh\n"));
  CHECK(script.find("'9.9.9.9, 2620:fe::fe'") != std::string::npos);
}

TEST_CASE("A script's sum is that of the script itself, and takes little of it to know") {
  const ScriptRenderer renderer(kShare);
  const std::string other(43, 'U');
  for (const auto platform : {Platform::linux, Platform::macos, Platform::windows, Platform::proxmox}) {
    const auto script = renderer.install_script(good_token(), kText, platform);
    CHECK(renderer.install_script_digest(good_token(), kText, platform) == sha256(script));
    CHECK(renderer.install_script_digest(good_token(), other, platform) != sha256(script));
  }
  // What differs from token to token stands late, so that making a token does not hash a whole script.
  const auto script = renderer.install_script(good_token(), kText, Platform::linux);
  const auto another = renderer.install_script(good_token(), other, Platform::linux);
  const auto differs = std::mismatch(script.begin(), script.end(), another.begin(), another.end());
  CHECK(differs.first - script.begin() > std::ssize(script) * 9 / 10);
}

TEST_CASE("A value that could mean something to a shell never gets into a script") {
  const ScriptRenderer renderer(kShare);
  const auto refused = [&](auto change, const std::string& text = kText) {
    Token token = good_token();
    change(token);
    for (const auto platform : {Platform::linux, Platform::windows})
      CHECK_THROWS_AS(renderer.install_script(token, text, platform), std::runtime_error);
  };
  for (const char* bad :
       {"", "a b:1", "$(id):1", "a;id:1", "a'b:1", "a\n:1", "a`b`:1", "a/b:1", "\"a\":1", "\xc3\xa4:1", "a%s:1"})
    refused([&](Token& token) { token.hub_endpoint = bad; });
  for (const char* bad : {"", "http://a", "https://a'b", "https://a b", "https://a$b", "https://a\nb", "https://a\"",
                          "https://a?x", "https://a&b", "https://{{TOKEN}}"})
    refused([&](Token& token) { token.base_url = bad; });
  for (const char* bad : {"sha1//a", "sha256//a'", "sha256//a b", "x"})
    refused([&](Token& token) { token.certificate_pin = bad; });
  for (const char* bad : {"", "x", "0f8fad5b-d9cb-469f-a165-70867728950'", "../../etc"})
    refused([&](Token& token) { token.spoke_id = bad; });
  const auto nothing = [](Token& /*token*/) {};
  for (const auto& bad : {std::string(), std::string(42, 'a'), std::string(42, 'a') + "'", std::string(42, 'a') + "\n"})
    refused(nothing, bad);
}

TEST_CASE("The spoke's name is no value of a script") {
  const ScriptRenderer renderer(kShare);
  Token token = good_token();
  const auto before = renderer.install_script(token, kText, Platform::linux);
  token.spoke_name = "$(id)'\"`{{TOKEN}}";
  CHECK(renderer.install_script(token, kText, Platform::linux) == before);
}

TEST_CASE("A refusal is a program of its own, quoted for its shell") {
  const ScriptRenderer renderer(kShare);
  const auto script = renderer.error_script({"it's over (41)", 41}, false);
  CHECK(script.starts_with("#!/bin/sh\n"));
  CHECK(script.find(shell_quote("it's over (41)")) != std::string::npos);
  CHECK(script.find("exit 41") != std::string::npos);
  CHECK(renderer.error_script({"it's over (41)", 41}, true) == "throw 'it''s over (41)'\n");
}

TEST_CASE("A template that is missing, foreign or wrong stops the start and is named") {
  const store::ScratchDirectory directory;
  const std::string place = directory.file("install");
  const auto fault_of = [&](const std::string& content) -> std::string {
    write(place + "/a.template", content);
    try {
      const ScriptTemplate made(place, "a.template");
      return made.render({{"NAME", "'value'"}});
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
  };
  write(place + "/lib/part.sh", "part {{NAME}}\n");
  CHECK(fault_of("x={{NAME}}\n") == "x='value'\n");
  CHECK(fault_of("a\n{{INCLUDE part.sh}}\nb\n") == "a\npart 'value'\nb\n");
  write(place + "/lib/windows/Deep-1_a.ps1", "& {{NAME}}\n");
  CHECK(fault_of("{{INCLUDE part.sh}}\n{{INCLUDE windows/Deep-1_a.ps1}}\n") == "part 'value'\n& 'value'\n");
  CHECK(fault_of("{{OTHER}}\n").find("OTHER in a.template") != std::string::npos);
  for (const char* bad : {"", "a\r\n", "\xc3\xa4\n", "{{name}}\n", "{{}}\n", "{{INCLUDE ../secret}}\n",
                          "{{INCLUDE /etc/passwd}}\n", "{{INCLUDE none.sh}}\n", "{{INCLUDE part.sh", "{{INCLUDE }}\n",
                          "{{INCLUDE windows/../part.sh}}\n", "{{INCLUDE windows//Deep-1_a.ps1}}\n",
                          "{{INCLUDE windows/}}\n", "{{INCLUDE windows}}\n", "{{INCLUDE a b.sh}}\n"})
    CHECK(fault_of(bad).find(place) + fault_of(bad).find("a.template") != 2 * std::string::npos);
  CHECK_THROWS_AS(ScriptTemplate(place, "none.template"), std::runtime_error);
  CHECK_THROWS_AS(ScriptRenderer(directory.file("nowhere")), std::runtime_error);
}
