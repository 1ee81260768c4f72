#include "apid/store/column.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "apid/store/fault.h"

namespace wghub::store {
namespace {

[[noreturn]] void refuse(std::string_view what) {
  throw Fault(FaultKind::other, fmt::format("a column holds no {}", what));
}

template <class Value>
Value required(std::optional<Value> value, std::string_view what) {
  if (!value) refuse(what);
  return *std::move(value);
}

std::vector<std::string> read_texts(const std::string& json) {
  boost::system::error_code fault;
  const auto value = boost::json::parse(json, fault);
  if (fault || !value.is_array()) refuse("list of texts");
  std::vector<std::string> texts;
  for (const auto& item : value.get_array()) {
    if (!item.is_string()) refuse("list of texts");
    texts.emplace_back(item.get_string());
  }
  return texts;
}

template <class Word, std::size_t count>
Word read_word(std::string_view text, const std::array<Word, count>& words, std::string_view what) {
  for (const Word word : words)
    if (to_text(word) == text) return word;
  refuse(what);
}

}  // namespace

std::string key_column(const PublicKey& key) { return to_base64(key); }

std::optional<std::string> key_column(const std::optional<PublicKey>& key) {
  return key ? std::optional(to_base64(*key)) : std::nullopt;
}

PublicKey read_key(const std::string& text) { return required(parse_public_key(text), "public key"); }

std::optional<PublicKey> read_key(const std::optional<std::string>& text) {
  return text ? std::optional(read_key(*text)) : std::nullopt;
}

Address read_address(const std::string& text) { return required(parse_address(text), "address"); }

Network read_network(const std::string& text) { return required(parse_network(text), "network"); }

std::string addresses_column(const std::vector<Address>& addresses) {
  boost::json::array texts;
  for (const Address& address : addresses) texts.emplace_back(to_string(address));
  return boost::json::serialize(texts);
}

std::vector<Address> read_addresses(const std::string& json) {
  std::vector<Address> addresses;
  for (const auto& text : read_texts(json)) addresses.push_back(read_address(text));
  return addresses;
}

std::string allowed_ips_column(const Address& address, const Network& network) {
  return boost::json::serialize(boost::json::array{to_string(Network{address, network.prefix})});
}

Network read_allowed_ips(const std::string& json) {
  const auto texts = read_texts(json);
  if (texts.size() != 1) refuse("single allowed address");
  return read_network(texts.front());
}

std::string sortable_column(const Address& address) {
  std::string text = address.family == Family::ipv4 ? "4" : "6";
  for (std::size_t i = 0; i < bits_of(address.family) / 8U; ++i) text += fmt::format("{:02x}", address.bytes[i]);
  return text;
}

Address read_sortable(const std::string& text) {
  Address address;
  address.family = text.starts_with('4') ? Family::ipv4 : Family::ipv6;
  const std::size_t length = bits_of(address.family) / 8U;
  if (text.size() != 1 + 2 * length) refuse("sortable address");
  for (std::size_t i = 0; i < length; ++i) {
    const char* const digits = text.data() + 1 + 2 * i;
    if (std::from_chars(digits, digits + 2, address.bytes[i], 16).ptr != digits + 2) refuse("sortable address");
  }
  return address;
}

TokenState read_token_state(std::string_view text) {
  return read_word(text,
                   std::array{TokenState::unused, TokenState::claimed, TokenState::registered, TokenState::revoked},
                   "token state");
}

SpokeStatus read_spoke_status(std::string_view text) {
  return read_word(text, std::array{SpokeStatus::pending, SpokeStatus::active, SpokeStatus::inactive}, "spoke status");
}

Platform read_platform(std::string_view text) {
  return read_word(text, std::array{Platform::linux, Platform::macos, Platform::windows, Platform::proxmox},
                   "platform");
}

Role read_role(std::string_view text) { return required(parse_role(text), "role"); }

AlertKind read_alert_kind(std::string_view text) { return read_word(text, kAlertKinds, "kind of alert"); }

AlertChannel read_alert_channel(std::string_view text) {
  return read_word(text, std::array{AlertChannel::webhook, AlertChannel::mail}, "channel of alerts");
}

std::string alert_kinds_column(const std::vector<AlertKind>& kinds) {
  boost::json::array texts;
  for (const AlertKind kind : kinds) texts.emplace_back(to_text(kind));
  return boost::json::serialize(texts);
}

std::vector<AlertKind> read_alert_kinds(const std::string& json) {
  std::vector<AlertKind> kinds;
  for (const auto& text : read_texts(json)) kinds.push_back(read_alert_kind(text));
  return kinds;
}

}  // namespace wghub::store
