#include <kj/debug.h>

#include <algorithm>

#include "tests/attack/rpc_connection.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

using Page = EngineStatusPage;

template <std::size_t kSize>
capnp::Data::Reader bytes_of(const std::array<std::uint8_t, kSize>& bytes) {
  const bool none = bytes == std::array<std::uint8_t, kSize>{};
  return kj::arrayPtr(bytes.data(), none ? 0 : kSize);
}

template <std::size_t kSize>
void copy(capnp::Data::Reader from, std::array<std::uint8_t, kSize>& to) {
  std::copy_n(from.begin(), std::min(from.size(), kSize), to.begin());
}

void decode(proto::Policy::Reader from, EnginePolicy& to) {
  copy(from.getNetwork(), to.network);
  to.family = from.getNetwork().size() == 4 ? 4 : from.getNetwork().size() == 16 ? 6 : 0;
  to.prefix = from.getPrefix();
  to.port = from.getPort();
  to.mtu = from.getMtu();
}

class RpcTarget final : public Target {
 public:
  explicit RpcTarget(std::string path) : path_(std::move(path)) {}
  ~RpcTarget() noexcept override = default;  // kj's own may throw

  std::optional<Page> send(const EngineRequest& request) override {
    if (!connection_) connection_ = std::make_unique<RpcConnection>(io_, path_, received_);
    auto answer = wait_for(io_, [&] { return call(request); });
    if (!answer) connection_.reset();
    return answer;
  }

 private:
  kj::Promise<Page> call(const EngineRequest& request) {
    switch (request.operation) {
      case EngineOperation::hello:
        return hello();
      case EngineOperation::generate_key:
        return generate_key();
      case EngineOperation::configure:
        return configure(request);
      case EngineOperation::add_peer:
        return add(request);
      case EngineOperation::remove_peer:
        return remove(request);
      case EngineOperation::status:
        return status(request);
      case EngineOperation::link_changed:
        break;
    }
    throw std::logic_error("not a call");
  }

  template <class Response>
  static Page page_of(Response& response) {
    Page page{};
    page.reply.outcome = static_cast<EngineOutcome>(response.getOutcome());
    return page;
  }

  kj::Promise<Page> hello() {
    auto request = connection_->helper.helloRequest();
    request.setProtocolVersion(proto::PROTOCOL_VERSION);
    return request.send().then([](auto&& response) {
      auto page = page_of(response);
      copy(response.getHubPublicKey(), page.reply.hub_key);
      decode(response.getPolicy(), page.reply.policy);
      if (response.getInterfaceUp()) page.reply.flags |= EngineReply::kInterfaceUp;
      return page;
    });
  }

  kj::Promise<Page> generate_key() {
    return connection_->helper.generateKeyRequest().send().then([](auto&& response) { return page_of(response); });
  }

  kj::Promise<Page> configure(const EngineRequest& from) {
    auto request = connection_->helper.configureRequest();
    auto policy = request.initPolicy();
    policy.setNetwork(kj::arrayPtr(from.policy.network.data(), from.policy.family == 4 ? 4 : 16));
    policy.setPrefix(from.policy.prefix);
    policy.setPort(from.policy.port);
    policy.setMtu(from.policy.mtu);
    return request.send().then([](auto&& response) { return page_of(response); });
  }

  kj::Promise<Page> add(const EngineRequest& from) {
    auto request = connection_->helper.addPeersRequest();
    auto peer = request.initPeers(1)[0];
    peer.setKey(kj::arrayPtr(from.key.data(), from.key.size()));
    peer.setIpv4(bytes_of(from.addresses.ipv4));
    peer.setIpv6(bytes_of(from.addresses.ipv6));
    if (from.flags & EngineRequest::kHasReplaces) peer.setReplaces(bytes_of(from.replaces));
    if (from.flags & EngineRequest::kHasPresharedKey) peer.setPresharedKey(bytes_of(from.key));
    return request.send().then([](auto&& response) { return first_outcome(response); });
  }

  kj::Promise<Page> remove(const EngineRequest& from) {
    auto request = connection_->helper.removePeersRequest();
    request.initKeys(1).set(0, kj::arrayPtr(from.key.data(), from.key.size()));
    return request.send().then([](auto&& response) { return first_outcome(response); });
  }

  template <class Response>
  static Page first_outcome(Response& response) {
    Page page{};
    page.reply.outcome = static_cast<EngineOutcome>(response.getOutcomes()[0]);
    return page;
  }

  kj::Promise<Page> status(const EngineRequest& from) {
    auto request = connection_->helper.statusRequest();
    request.setSnapshot(from.snapshot);
    request.setCursor(from.cursor);
    return request.send().then([](auto&& response) {
      auto page = page_of(response);
      page.reply.snapshot = response.getSnapshot();
      page.reply.next_cursor = response.getNextCursor();
      if (response.getLastPage()) page.reply.flags |= EngineReply::kLastPage;
      for (const auto peer : response.getPeers()) {
        auto& to = page.peers.at(page.reply.peer_count++);
        copy(peer.getKey(), to.key);
        copy(peer.getIpv4(), to.addresses.ipv4);
        copy(peer.getIpv6(), to.addresses.ipv6);
      }
      return page;
    });
  }

  std::string path_;
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::unique_ptr<RpcConnection> connection_;
};

}  // namespace

std::unique_ptr<Target> rpc_target(const std::string& path) { return std::make_unique<RpcTarget>(path); }

bool rpc_answers(const std::string& path) {
  return rpc_target(path)->send({.operation = EngineOperation::hello}).has_value();
}

}  // namespace wghub::attack
