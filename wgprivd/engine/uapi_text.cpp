#include "wgprivd/engine/uapi_text.h"

#include <fmt/format.h>

#include <charconv>

namespace wghub {
namespace {

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size();
}

bool parse_hex(std::string_view text, std::array<std::uint8_t, 32>& bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto* digits = text.data() + 2 * i;
    const auto [end, fault] = std::from_chars(digits, digits + 2, bytes[i], 16);
    if (fault != std::errc() || end != digits + 2) return false;
  }
  return true;
}

// ADDRESS:PORT or [ADDRESS]:PORT; one that we cannot read (an IPv6 zone) is no endpoint and no error.
void read_endpoint(std::string_view text, EnginePeer& peer) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), peer.endpoint_port)) return;
  text = text.substr(0, colon);
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  if (const auto address = parse_address(text)) {
    peer.endpoint = address->bytes;
    peer.endpoint_family = static_cast<std::uint16_t>(address->family);
  }
}

}  // namespace

std::string uapi_set_peers(std::span<const PeerChange> changes) {
  std::string text = "set=1\n";
  for (const auto& change : changes) {
    text += fmt::format("public_key={}\n", to_hex(change.key));
    if (change.kind == PeerChange::Kind::remove) {
      text += "remove=true\n";
      continue;
    }
    if (change.kind == PeerChange::Kind::set) text += "replace_allowed_ips=true\n";
    for (const auto& host : hosts_of(change.addresses)) {
      if (host) text += fmt::format("allowed_ip={}/{}\n", to_string(host), bits_of(host.family));
    }
  }
  return text + "\n";
}

std::string uapi_set_device(const SecretKey& private_key, std::uint16_t port) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(kUapiLineLimit);  // growing would leave copies of the key behind
  text += "set=1\nprivate_key=";
  for (const auto byte : private_key.bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 0x0f]);
  }
  fmt::format_to(std::back_inserter(text), "\nlisten_port={}\n\n", port);
  return text;
}

bool UapiAnswer::take(std::string_view line) {
  if (finished_ || line.size() > kUapiLineLimit) return false;
  if (line.empty()) return finished_ = error_.has_value();
  const auto equals = line.find('=');
  if (error_ || equals == std::string_view::npos) return false;
  const auto name = line.substr(0, equals);
  const auto value = line.substr(equals + 1);
  if (name == "errno") return parse_number(value, error_.emplace());
  if (state_ == nullptr) return false;
  if (name == "public_key") {
    if (state_->peers.size() >= kUapiPeerLimit) return false;
    return parse_hex(value, state_->peers.emplace_back().key);
  }
  return state_->peers.empty() ? take_device_value(name, value) : take_peer_value(name, value);
}

bool UapiAnswer::take_device_value(std::string_view name, std::string_view value) {
  if (name == "listen_port") return parse_number(value, state_->port);
  if (name != "private_key") return true;  // fwmark, and what later versions may say
  SecretKey private_key;
  if (!parse_hex(value, private_key.bytes)) return false;
  const auto key = public_key_of(private_key);
  if (key) state_->key = *key;
  return key.has_value();
}

bool UapiAnswer::take_peer_value(std::string_view name, std::string_view value) {
  auto& peer = state_->peers.back();
  if (name == "last_handshake_time_sec") return parse_number(value, peer.last_handshake);
  if (name == "rx_bytes") return parse_number(value, peer.received_bytes);
  if (name == "tx_bytes") return parse_number(value, peer.sent_bytes);
  if (name == "endpoint") read_endpoint(value, peer);
  if (name == "allowed_ip") {
    const auto network = parse_network(value);
    if (network) state_->add_allowed_ip(*network);
    return network.has_value();
  }
  return true;
}

}  // namespace wghub
