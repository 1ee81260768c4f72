#include "apid/app/configuration.h"

#define TOML_HEADER_ONLY 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "common/number.h"

namespace wghub::app {
namespace {

using Values = std::map<std::string, const toml::node*>;

// Where a value came from, for the one sentence that a bad one ends the start with.
struct Origin {
  std::string file;
  std::string key;
  std::uint32_t line = 0;
};

[[noreturn]] void refuse(const Origin& origin, const std::string& reason) {
  const std::string place = origin.line == 0 ? origin.file : fmt::format("{}:{}", origin.file, origin.line);
  throw std::runtime_error(fmt::format("{}: {} {}", place, origin.key, reason));
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  return parse_number(text, number) ? std::optional(number) : std::nullopt;
}

// Takes a value as text or number, whatever it was written as.
struct Value {
  Origin origin;
  std::optional<std::string> text;
  std::optional<std::int64_t> number;
  std::optional<std::vector<std::string>> texts;

  std::string string() const {
    if (!text) refuse(origin, "must be a string");
    return *text;
  }
  std::int64_t integer(std::int64_t least, std::int64_t most) const {
    const auto value = number ? number : text ? to_number(*text) : std::nullopt;
    if (!value || *value < least || *value > most)
      refuse(origin, fmt::format("must be a whole number from {} to {}", least, most));
    return *value;
  }
};

void set_listen(Configuration& configuration, const Value& value) {
  const std::string text = value.string();
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : to_number(text.substr(colon + 1));
  std::string host = text.substr(0, colon == std::string::npos ? 0 : colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!port || *port < 0 || *port > 65535 || !parse_address(host)) refuse(value.origin, "must be ADDRESS:PORT");
  configuration.listen_address = host;
  configuration.port = static_cast<std::uint16_t>(*port);
}

std::int64_t to_duration(const Value& value) {
  const std::string text = value.string();
  const std::string_view units = "smhd";
  constexpr std::int64_t seconds[] = {1, 60, 3600, 86400};
  const auto unit = text.empty() ? std::string_view::npos : units.find(text.back());
  const auto number = unit == std::string_view::npos ? std::nullopt : to_number(text.substr(0, text.size() - 1));
  constexpr std::int64_t longest = 366LL * 86400;
  if (!number || *number < 1 || *number > longest || *number * seconds[unit] > longest)
    refuse(value.origin, "must be a time as 90s, 30m, 24h or 7d, at most a year");
  return *number * seconds[unit];
}

std::vector<Network> to_networks(const Value& value) {
  if (!value.texts) refuse(value.origin, "must be an array of addresses or networks");
  std::vector<Network> networks;
  for (const auto& text : *value.texts) {
    auto network = parse_network(text);
    if (const auto address = parse_address(text)) network = Network{*address, bits_of(address->family)};
    if (!network) refuse(value.origin, "must hold addresses or networks");
    networks.push_back(*network);
  }
  return networks;
}

std::string to_https_url(const Value& value) {
  std::string url = value.string();
  while (!url.empty() && url.back() == '/') url.pop_back();
  const bool plain = url.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:/.-_~[]") ==
                     std::string::npos;
  if (!url.empty() && (!url.starts_with("https://") || url.size() < 9 || !plain))
    refuse(value.origin, "must be an https URL");
  return url;
}

std::string to_mail_server(const Value& value) {
  const std::string url = value.string();
  const auto begin = url.find("://");
  const std::string scheme = url.substr(0, begin == std::string::npos ? 0 : begin);
  const std::string host = begin == std::string::npos ? "" : url.substr(begin + 3);
  const bool plain = host.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:[]") ==
                     std::string::npos;
  if ((scheme != "smtp" && scheme != "smtps") || host.empty() || !plain)
    refuse(value.origin, "must be smtp://HOST:PORT or smtps://HOST:PORT");
  return url;
}

std::string to_mail_address(const Value& value) {
  std::string address = value.string();
  const auto at = address.find('@');
  const bool plain = std::all_of(address.begin(), address.end(),
                                 [](char c) { return c > ' ' && c <= '~' && c != '<' && c != '>' && c != ','; });
  if (!plain || at == 0 || at == std::string::npos || at + 1 == address.size() || address.rfind('@') != at)
    refuse(value.origin, "must be a mail address");
  return address;
}

bool one_of(const Value& value, const char* no, const char* yes) {
  const std::string text = value.string();
  if (text != no && text != yes) refuse(value.origin, fmt::format("must be \"{}\" or \"{}\"", no, yes));
  return text == yes;
}

using Setter = std::function<void(Configuration&, const Value&)>;

Setter text(std::string Configuration::*member) {
  return [member](Configuration& c, const Value& value) { c.*member = value.string(); };
}
Setter limit(std::size_t Configuration::*member) {
  return [member](Configuration& c, const Value& value) {
    c.*member = static_cast<std::size_t>(value.integer(0, 1'000'000));
  };
}

// Every key of the file; an environment variable names the key that it stands for.
const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> table = {
      {"listen", set_listen},
      {"state_directory", text(&Configuration::state_directory)},
      {"database_path", text(&Configuration::database_path)},
      {"helper_socket", text(&Configuration::helper_socket)},
      {"admin_socket", text(&Configuration::admin_socket)},
      {"share_directory", text(&Configuration::share_directory)},
      {"api_base_url", [](Configuration& c, const Value& v) { c.api_base_url = to_https_url(v); }},
      {"cors_origin", [](Configuration& c, const Value& v) { c.cors_origin = to_https_url(v); }},
      {"token_lifetime", [](Configuration& c, const Value& v) { c.token_lifetime = to_duration(v); }},
      {"retention_days", [](Configuration& c, const Value& v) { c.retention_days = v.integer(1, 36'500); }},
      {"foreign_peers", [](Configuration& c, const Value& v) { c.keep_foreign_peers = one_of(v, "remove", "keep"); }},
      {"trusted_proxies", [](Configuration& c, const Value& v) { c.trusted_proxies = to_networks(v); }},
      {"interface_mtu",
       [](Configuration& c, const Value& v) { c.interface_mtu = std::uint32_t(v.integer(1280, 1500)); }},
      {"tls.certificate", text(&Configuration::certificate)},
      {"tls.key", text(&Configuration::certificate_key)},
      {"tls.minimum", [](Configuration& c, const Value& v) { c.allow_tls12 = one_of(v, "1.3", "1.2"); }},
      {"limits.tokens_per_hour", limit(&Configuration::tokens_per_hour)},
      {"limits.logins_per_15min", limit(&Configuration::logins_per_15min)},
      {"limits.unknown_tokens_per_minute", limit(&Configuration::unknown_tokens_per_minute)},
      {"metrics.spokes", limit(&Configuration::metrics_spokes)},
      {"alerts.allowed_networks", [](Configuration& c, const Value& v) { c.alert_networks = to_networks(v); }},
      {"alerts.ca_file", text(&Configuration::alert_ca_file)},
      {"alerts.mail_server", [](Configuration& c, const Value& v) { c.mail_server = to_mail_server(v); }},
      {"alerts.mail_from", [](Configuration& c, const Value& v) { c.mail_from = to_mail_address(v); }},
      {"alerts.mail_user", text(&Configuration::mail_user)},
      {"alerts.mail_password_file", text(&Configuration::mail_password_file)},
      {"backup.recipient", text(&Configuration::backup_recipient)},
      {"backup.directory", text(&Configuration::backup_directory)},
      {"backup.keep_days", [](Configuration& c, const Value& v) { c.backup_keep_days = v.integer(1, 36'500); }},
  };
  return table;
}

void set_lifetime_hours(Configuration& configuration, const Value& value) {
  configuration.token_lifetime = value.integer(1, 8784) * 3600;
}

const std::map<std::string, Setter>& environment_setters() {
  static const std::map<std::string, Setter> table = {
      {"PORT", [](Configuration& c, const Value& v) { c.port = std::uint16_t(v.integer(1, 65535)); }},
      {"DATABASE_PATH", setters().at("database_path")},
      {"API_BASE_URL", setters().at("api_base_url")},
      {"CORS_ORIGIN", setters().at("cors_origin")},
      {"TOKEN_EXPIRATION_HOURS", set_lifetime_hours},
      {"RATE_LIMIT_MAX_TOKENS_PER_HOUR", setters().at("limits.tokens_per_hour")},
  };
  return table;
}

Value to_value(const toml::node& node, Origin origin) {
  Value value{std::move(origin), std::nullopt, std::nullopt, std::nullopt};
  if (const auto* string = node.as_string()) value.text = string->get();
  if (const auto* integer = node.as_integer()) value.number = integer->get();
  if (const auto* array = node.as_array()) {
    std::vector<std::string> texts;
    for (const auto& element : *array) {
      const auto* string = element.as_string();
      if (string == nullptr) refuse(value.origin, "must be an array of strings");
      texts.push_back(string->get());
    }
    value.texts = std::move(texts);
  }
  return value;
}

void apply_table(Configuration& configuration, const std::string& path, const toml::table& table,
                 const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const auto* inner = node.as_table(); inner != nullptr && prefix.empty()) {
      apply_table(configuration, path, *inner, name + ".");
      continue;
    }
    const Origin origin{path, name, node.source().begin.line};
    const auto setter = setters().find(name);
    if (setter == setters().end()) refuse(origin, "is not a known key");
    setter->second(configuration, to_value(node, origin));
  }
}

}  // namespace

Configuration read_configuration(const std::string& path, const Environment& environment) {
  Configuration configuration;
  if (!path.empty() && std::filesystem::exists(path)) {
    try {
      apply_table(configuration, path, toml::parse_file(path), "");
    } catch (const toml::parse_error& fault) {
      throw std::runtime_error(fmt::format("{}:{}: {}", path, fault.source().begin.line, fault.description()));
    }
  }
  for (const auto& [name, content] : environment) {
    const auto setter = environment_setters().find(name);
    if (setter == environment_setters().end()) continue;
    setter->second(configuration, Value{{"environment", name, 0}, content, std::nullopt, std::nullopt});
  }
  if (configuration.database_path.empty())
    configuration.database_path = configuration.state_directory + "/database.sqlite";
  if (configuration.mail_user.empty() != configuration.mail_password_file.empty())
    refuse({path, configuration.mail_user.empty() ? "alerts.mail_user" : "alerts.mail_password_file", 0},
           "is missing beside the other one");
  if (configuration.certificate.empty() != configuration.certificate_key.empty())
    refuse({path, configuration.certificate.empty() ? "tls.certificate" : "tls.key", 0},
           "is missing beside the other one");
  return configuration;
}

Environment known_environment() {
  Environment environment;
  for (const auto& [name, setter] : environment_setters()) {
    const char* content = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread starts
    if (content != nullptr) environment[name] = content;
  }
  return environment;
}

std::string host_of(const std::string& endpoint) { return endpoint.substr(0, endpoint.rfind(':')); }

}  // namespace wghub::app
