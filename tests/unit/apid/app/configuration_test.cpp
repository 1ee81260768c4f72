#include "apid/app/configuration.h"

#include <fstream>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::app;

namespace {

struct Rig {
  store::ScratchDirectory directory;
  std::string path = directory.file("apid.toml");

  Configuration read(const std::string& text, const Environment& environment = {}) {
    std::ofstream(path) << text;
    return read_configuration(path, environment);
  }
  std::string fault(const std::string& text, const Environment& environment = {}) {
    try {
      read(text, environment);
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
    return "";
  }
};

}  // namespace

TEST_CASE("Without a file everything has its default") {
  const auto made = read_configuration("/nonexistent/apid.toml", {});
  CHECK(made.listen_address == "127.0.0.1");
  CHECK(made.port == 3000);
  CHECK(made.database_path == "/var/lib/wireguard-hub/database.sqlite");
  CHECK(made.token_lifetime == 24 * 3600);
  CHECK(made.retention_days == 400);
  CHECK(made.interface_mtu == 1420);
  CHECK((made.tokens_per_hour == 10 && made.logins_per_15min == 5 && made.unknown_tokens_per_minute == 60));
  CHECK(made.metrics_spokes == 5000);
  CHECK(made.trusted_proxies.empty());
  CHECK_FALSE((made.allow_tls12 || made.keep_foreign_peers));
}

TEST_CASE("Every key is taken over") {
  Rig rig;
  const auto made = rig.read(R"(listen = "[::1]:8443"
state_directory = "/srv/hub"
api_base_url = "https://hub.example.com/"
cors_origin = "https://panel.example.com"
token_lifetime = "90s"
retention_days = 30
foreign_peers = "keep"
trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"]
interface_mtu = 1380
[tls]
certificate = "/c"
key = "/k"
minimum = "1.2"
[limits]
tokens_per_hour = 0
logins_per_15min = 7
unknown_tokens_per_minute = 8
[metrics]
spokes = 9
)");
  CHECK((made.listen_address == "::1" && made.port == 8443));
  CHECK(made.database_path == "/srv/hub/database.sqlite");
  CHECK(made.api_base_url == "https://hub.example.com");
  CHECK((made.token_lifetime == 90 && made.retention_days == 30 && made.interface_mtu == 1380));
  CHECK((made.keep_foreign_peers && made.allow_tls12));
  CHECK(made.trusted_proxies.size() == 3);
  CHECK(made.trusted_proxies[0].prefix == 32);
  CHECK((made.certificate == "/c" && made.certificate_key == "/k"));
  CHECK((made.tokens_per_hour == 0 && made.logins_per_15min == 7 && made.unknown_tokens_per_minute == 8));
  CHECK(made.metrics_spokes == 9);
}

TEST_CASE("A lifetime is a number with its unit, of at most a year") {
  Rig rig;
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, std::int64_t>>{
           {"1s", 1}, {"30m", 1800}, {"24h", 86400}, {"7d", 604800}, {"366d", 31622400}})
    CHECK(rig.read("token_lifetime = \"" + text + "\"").token_lifetime == seconds);
  for (const char* bad : {"\"\"", "\"0s\"", "\"-1h\"", "\"1\"", "\"h\"", "\"1w\"", "\"1.5h\"", "\"367d\"",
                          "\"9999999999999999999s\"", "24", "true"})
    CHECK(rig.fault(std::string("token_lifetime = ") + bad).find("token_lifetime") != std::string::npos);
}

TEST_CASE("A fault names file, line and key") {
  Rig rig;
  CHECK(rig.fault("# a hub\n\nlisten = \"nowhere\"\n") == rig.path + ":3: listen must be ADDRESS:PORT");
  CHECK(rig.fault("colour = 1\n") == rig.path + ":1: colour is not a known key");
  CHECK(rig.fault("[limits]\ntokens_per_hour = -1\n")
            .starts_with(rig.path + ":2: limits.tokens_per_hour must be a whole number"));
  CHECK(rig.fault("[limits]\nx = 1\n") == rig.path + ":2: limits.x is not a known key");
  CHECK(rig.fault("\nlisten = \n").starts_with(rig.path + ":2: "));
  CHECK(rig.fault("retention_days = 1\nretention_days = 2\n").starts_with(rig.path + ":2: "));
}

TEST_CASE("A bad value of any key stops the start") {
  Rig rig;
  for (const char* bad : {"listen = 1",
                          "listen = \"\"",
                          "listen = \"127.0.0.1\"",
                          "listen = \"127.0.0.1:65536\"",
                          "listen = \"localhost:1\"",
                          "state_directory = 1",
                          "api_base_url = \"http://a\"",
                          "api_base_url = \"https://\"",
                          "api_base_url = \"https://a'b\"",
                          "api_base_url = \"https://a b\"",
                          "cors_origin = \"*\"",
                          "retention_days = 0",
                          "retention_days = \"x\"",
                          "foreign_peers = \"maybe\"",
                          "trusted_proxies = \"127.0.0.1\"",
                          "trusted_proxies = [1]",
                          "trusted_proxies = [\"x\"]",
                          "interface_mtu = 1279",
                          "interface_mtu = 1501",
                          "limits = 1",
                          "tls = 1",
                          "[tls]\nminimum = \"1.1\"",
                          "[tls]\ncertificate = \"/c\"",
                          "[tls]\nkey = \"/k\"",
                          "[limits]\nlogins_per_15min = 1.5",
                          "[a.b]\nc = 1"})
    CHECK(rig.fault(bad).find(rig.path) == 0);
}

TEST_CASE("The environment of old installations wins over the file") {
  Rig rig;
  const auto made = rig.read("listen = \"0.0.0.0:1\"\ndatabase_path = \"/a\"\ntoken_lifetime = \"1h\"\n",
                             {{"PORT", "8443"},
                              {"DATABASE_PATH", "/b"},
                              {"API_BASE_URL", "https://a"},
                              {"CORS_ORIGIN", "https://b"},
                              {"TOKEN_EXPIRATION_HOURS", "48"},
                              {"RATE_LIMIT_MAX_TOKENS_PER_HOUR", "99"}});
  CHECK((made.listen_address == "0.0.0.0" && made.port == 8443 && made.database_path == "/b"));
  CHECK((made.api_base_url == "https://a" && made.cors_origin == "https://b"));
  CHECK((made.token_lifetime == 48 * 3600 && made.tokens_per_hour == 99));
  for (const auto& [name, bad] :
       std::vector<std::pair<std::string, std::string>>{{"PORT", "0"},
                                                        {"PORT", "x"},
                                                        {"PORT", ""},
                                                        {"TOKEN_EXPIRATION_HOURS", "0"},
                                                        {"TOKEN_EXPIRATION_HOURS", "1.5"},
                                                        {"API_BASE_URL", "http://a"},
                                                        {"RATE_LIMIT_MAX_TOKENS_PER_HOUR", "-1"}})
    CHECK(rig.fault("", {{name, bad}}).find("environment: " + name) == 0);
}

TEST_CASE("The host of an endpoint is what stands before its port") {
  CHECK(host_of("vpn.example.com:51820") == "vpn.example.com");
  CHECK(host_of("[fd00::1]:51820") == "[fd00::1]");
}
