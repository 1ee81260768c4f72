#include "apid/helper/rpc_client.h"

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>
#include <kj/io.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "common/unix_socket.h"
#include "proto/conversion.h"

namespace wghub {
namespace {

// A status page has 4,400 words and is read once.
constexpr capnp::ReaderOptions kReaderOptions = {.traversalLimitInWords = 32'768, .nestingLimit = 12};

static_assert(static_cast<int>(EngineOutcome::failed) == static_cast<int>(PeerOutcome::failed));

PeerOutcome from_proto(proto::Outcome outcome) { return static_cast<PeerOutcome>(proto::from_outcome(outcome)); }

std::optional<PublicKey> to_key(capnp::Data::Reader bytes) {
  PublicKey key;
  return proto::from_data(bytes, key.bytes) ? std::optional(key) : std::nullopt;
}

std::optional<InterfacePolicy> to_policy(proto::Policy::Reader from) {
  EnginePolicy policy;
  if (!proto::decode(from, policy)) return std::nullopt;
  return InterfacePolicy{network_of(policy), policy.port, policy.mtu};
}

EngineRequest to_record(const WantedPeer& from) {
  EngineRequest record{.key = from.key.bytes};
  take_host(record.addresses, from.ipv4);
  take_host(record.addresses, from.ipv6);
  if (from.replaces) record.replaces = from.replaces->bytes;
  return record;
}

// Nothing when a field is not of the contract: such a peer cannot be named in a removal either.
std::optional<PeerState> to_peer(proto::PeerStatus::Reader from) {
  EnginePeer record;
  if (!proto::decode(from, record)) return std::nullopt;
  const auto [ipv4, ipv6] = hosts_of(record.addresses);
  PeerState peer;
  peer.key = PublicKey{record.key};
  peer.ipv4 = ipv4;
  peer.ipv6 = ipv6;
  peer.other_addresses = record.flags != 0;
  peer.endpoint = {static_cast<Family>(record.endpoint_family), record.endpoint};
  peer.endpoint_port = record.endpoint_port;
  peer.last_handshake = record.last_handshake;
  peer.received_bytes = record.received_bytes;
  peer.sent_bytes = record.sent_bytes;
  return peer;
}

std::vector<PeerOutcome> to_outcomes(capnp::List<proto::Outcome>::Reader from, std::size_t asked) {
  if (from.size() != asked) return std::vector<PeerOutcome>(asked, PeerOutcome::failed);
  std::vector<PeerOutcome> outcomes;
  outcomes.reserve(asked);
  for (const auto outcome : from) outcomes.push_back(from_proto(outcome));
  return outcomes;
}

}  // namespace

struct RpcClient::Connection {
  Connection(kj::LowLevelAsyncIoProvider& io, Descriptor socket)
      : stream(io.wrapSocketFd(kj::AutoCloseFd(socket.release()), kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK |
                                                                      kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC)),
        network(*stream, capnp::rpc::twoparty::Side::CLIENT, kReaderOptions),
        rpc(capnp::makeRpcClient(network)),
        helper(bootstrap(rpc)) {}

  static proto::Wgprivd::Client bootstrap(capnp::RpcSystem<capnp::rpc::twoparty::VatId>& system) {
    capnp::MallocMessageBuilder message;
    auto server = message.initRoot<capnp::rpc::twoparty::VatId>();
    server.setSide(capnp::rpc::twoparty::Side::SERVER);
    return system.bootstrap(server).castAs<proto::Wgprivd>();
  }

  kj::Own<kj::AsyncIoStream> stream;
  capnp::TwoPartyVatNetwork network;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
  proto::Wgprivd::Client helper;
};

RpcClient::RpcClient(kj::AsyncIoContext& io, std::string socket_path)
    : io_(*io.lowLevelProvider), socket_path_(std::move(socket_path)), tasks_(*this) {}

RpcClient::~RpcClient() noexcept = default;

std::shared_ptr<RpcClient::Connection> RpcClient::connected() {
  if (connection_) return connection_;
  // On a Unix socket connect succeeds or fails at once: a full backlog is a failure too.
  auto socket = connect_to(socket_path_, SOCK_STREAM | SOCK_NONBLOCK);
  if (socket) connection_ = std::make_shared<Connection>(io_, std::move(socket));
  return connection_;
}

void RpcClient::drop() { drop(connection_); }

// Released by a later turn of the loop: we may be inside one of the connection's own callbacks.
void RpcClient::drop(const std::shared_ptr<Connection>& lost) {
  if (!lost || lost != connection_) return;
  tasks_.add(kj::evalLater([dead = std::move(connection_)]() mutable { dead.reset(); }));
  connection_.reset();
}

template <class Send>
auto RpcClient::calling(Send send, bool again) -> decltype(send(*std::shared_ptr<Connection>())) {
  auto connection = connected();
  if (!connection) return KJ_EXCEPTION(OVERLOADED, "nobody listens on the helper's socket");
  auto answer = send(*connection);
  auto fail = [this, connection, send = std::move(send),
               again](kj::Exception&& exception) mutable -> decltype(send(*connection)) {
    if (exception.getType() != kj::Exception::Type::DISCONNECTED) return kj::mv(exception);
    drop(connection);
    connection.reset();
    if (!again) return kj::mv(exception);
    return calling(std::move(send), false);
  };
  return answer.catch_(std::move(fail));
}

kj::Promise<HelloAnswer> RpcClient::hello() {
  return calling([](Connection& connection) -> kj::Promise<HelloAnswer> {
    auto request = connection.helper.helloRequest();
    request.setProtocolVersion(proto::PROTOCOL_VERSION);
    return request.send().then([](auto&& response) {
      HelloAnswer answer{from_proto(response.getOutcome()), {}};
      const bool kernel = response.getBackend() == proto::Backend::KERNEL;
      answer.info.backend = kernel ? HelperBackend::kernel : HelperBackend::userspace;
      answer.info.hub_key = to_key(response.getHubPublicKey());
      answer.info.policy = to_policy(response.getPolicy());
      answer.info.interface_up = response.getInterfaceUp();
      return answer;
    });
  });
}

kj::Promise<KeyAnswer> RpcClient::generate_key() {
  return calling([](Connection& connection) -> kj::Promise<KeyAnswer> {
    return connection.helper.generateKeyRequest().send().then([](auto&& response) {
      return KeyAnswer{from_proto(response.getOutcome()), to_key(response.getHubPublicKey())};
    });
  });
}

kj::Promise<ConfigureAnswer> RpcClient::configure(const InterfacePolicy& policy) {
  return calling([policy](Connection& connection) -> kj::Promise<ConfigureAnswer> {
    auto request = connection.helper.configureRequest();
    const auto& [address, prefix] = policy.network;
    const EnginePolicy record{address.bytes, static_cast<std::uint8_t>(address.family), prefix, policy.port,
                              policy.mtu};
    encode(record, request.initPolicy());
    return request.send().then([](auto&& response) {
      return ConfigureAnswer{from_proto(response.getOutcome()), response.getCreated(), to_policy(response.getPolicy())};
    });
  });
}

kj::Promise<std::vector<PeerOutcome>> RpcClient::add(std::vector<WantedPeer> peers) {
  return calling([peers = std::move(peers)](Connection& connection) -> kj::Promise<std::vector<PeerOutcome>> {
    auto request = connection.helper.addPeersRequest();
    auto list = request.initPeers(static_cast<unsigned>(peers.size()));
    for (unsigned i = 0; i < list.size(); ++i) encode(to_record(peers[i]), list[i]);
    return request.send().then(
        [asked = peers.size()](auto&& response) { return to_outcomes(response.getOutcomes(), asked); });
  });
}

kj::Promise<std::vector<PeerOutcome>> RpcClient::remove(std::vector<PublicKey> keys) {
  return calling([keys = std::move(keys)](Connection& connection) -> kj::Promise<std::vector<PeerOutcome>> {
    auto request = connection.helper.removePeersRequest();
    auto list = request.initKeys(static_cast<unsigned>(keys.size()));
    for (unsigned i = 0; i < list.size(); ++i) list.set(i, proto::to_data(keys[i].bytes));
    return request.send().then(
        [asked = keys.size()](auto&& response) { return to_outcomes(response.getOutcomes(), asked); });
  });
}

kj::Promise<StatusPage> RpcClient::status(std::uint64_t snapshot, std::uint32_t cursor) {
  return calling([snapshot, cursor](Connection& connection) -> kj::Promise<StatusPage> {
    auto request = connection.helper.statusRequest();
    request.setSnapshot(snapshot);
    request.setCursor(cursor);
    return request.send().then([](auto&& response) {
      StatusPage page{from_proto(response.getOutcome()),
                      response.getInterfaceUp(),
                      response.getComplete(),
                      response.getLastPage(),
                      response.getSnapshot(),
                      response.getNextCursor(),
                      response.getTotal(),
                      {},
                      response.getLinkGeneration()};
      page.peers.reserve(response.getPeers().size());
      for (const auto from : response.getPeers()) {
        auto peer = to_peer(from);
        if (peer) page.peers.push_back(std::move(*peer));
        if (!peer) page.complete = false;
      }
      return page;
    });
  });
}

kj::Promise<std::uint64_t> RpcClient::watch(std::uint64_t seen) {
  auto send = [seen](Connection& connection) -> kj::Promise<std::uint64_t> {
    auto request = connection.helper.watchRequest();
    request.setLinkGeneration(seen);
    return request.send().then([](auto&& response) { return response.getLinkGeneration(); });
  };
  return calling(std::move(send), false);
}

}  // namespace wghub
