#include "wgprivd/engine/uapi.h"

#include <fmt/format.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>

#include <system_error>

#include "common/digest.h"
#include "common/line_socket.h"
#include "common/number.h"
#include "common/unix_socket.h"

namespace wghub {

namespace {

bool take_private_key(std::string_view text, PublicKey& public_key) {
  SecretKey private_key;
  const auto key = parse_hex(text, private_key.bytes) ? public_key_of(private_key) : std::nullopt;
  public_key = key.value_or(PublicKey());
  return key.has_value();
}

constexpr std::chrono::milliseconds kPatience{5000};

class UapiBackend final : public Backend {
 public:
  explicit UapiBackend(const std::string& path) : lines_(connect_to(path, SOCK_STREAM, kPatience)) {
    if (lines_.descriptor() < 0) throw std::system_error(errno, std::generic_category(), path);
  }

  EngineBackend kind() const override { return EngineBackend::userspace; }
  int life_line() const override { return lines_.descriptor(); }

  int set(unsigned, const DeviceChange& change) override {
    auto request = uapi_set(change);
    const int error = converse(request, nullptr);
    explicit_bzero(request.data(), request.size());
    return error;
  }

  int dump(unsigned, Dump& dump) override {
    dump = {};
    return converse("get=1\n\n", &dump);
  }

 private:
  int converse(std::string_view request, Dump* dump) {
    UapiAnswer answer(dump);
    bool sound = lines_.send(request);
    while (sound && !answer.is_finished()) {
      const auto line = lines_.receive();
      sound = line && answer.take(*line);
    }
    lines_.wipe();
    if (!sound) lines_.shut();
    return !sound ? EPROTO : answer.error() == 0 ? 0 : EIO;
  }

  LineSocket lines_;
};

}  // namespace

std::string uapi_set(const DeviceChange& change) {
  std::string text;
  text.reserve(kUapiLineLimit * (1 + change.peers.size()));  // growing would leave copies of the key behind
  text += "set=1\n";
  if (change.private_key != nullptr) {
    text += "private_key=";
    append_hex(text, change.private_key->bytes);
    text += fmt::format("\nlisten_port={}\n", change.port);
  }
  for (const auto& peer : change.peers) {
    text += fmt::format("public_key={}\n", to_hex(peer.key));
    if (peer.kind == PeerChange::Kind::remove) text += "remove=true\n";
    if (peer.kind == PeerChange::Kind::set) text += "replace_allowed_ips=true\n";
    for (const auto& host : hosts_of(peer.addresses)) {
      if (host) text += fmt::format("allowed_ip={}/{}\n", to_string(host), bits_of(host.family));
    }
  }
  return text += "\n";
}

bool UapiAnswer::take(std::string_view line) {
  if (finished_ || line.size() > kUapiLineLimit) return false;
  if (line.empty()) return finished_ = error_.has_value();
  const auto equals = line.find('=');
  if (error_ || equals == std::string_view::npos) return false;
  const auto name = line.substr(0, equals);
  const auto value = line.substr(equals + 1);
  if (name == "errno") return parse_number(value, error_.emplace());
  return dump_ != nullptr && take_value(name, value);
}

// Names that mean nothing to us (fwmark, and what later versions may say) are passed over.
bool UapiAnswer::take_value(std::string_view name, std::string_view value) {
  auto& peers = dump_->peers;
  if (name == "private_key") return take_private_key(value, dump_->key);
  if (name == "listen_port") return parse_number(value, dump_->port);
  if (name == "public_key") return peers.size() < kUapiPeerLimit && parse_hex(value, peers.emplace_back().key);
  if (peers.empty()) return true;
  if (name == "last_handshake_time_sec") return parse_number(value, peers.back().last_handshake);
  if (name == "rx_bytes") return parse_number(value, peers.back().received_bytes);
  if (name == "tx_bytes") return parse_number(value, peers.back().sent_bytes);
  if (name == "endpoint") set_endpoint(peers.back(), parse_endpoint(value).value_or(Endpoint()));
  if (name != "allowed_ip") return true;
  const auto network = parse_network(value);
  if (network) dump_->add_allowed_ip(*network);
  return network.has_value();
}

std::unique_ptr<Backend> open_uapi(const std::string& path) { return std::make_unique<UapiBackend>(path); }

}  // namespace wghub
