#include "wgprivd/front/service.h"

#include <kj/debug.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/key.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr auto kWatchLimit = 25 * kj::SECONDS;
constexpr std::size_t kQueuedReplyBytes = 1024 * 1024;

static_assert(static_cast<int>(proto::Outcome::FAILED) == static_cast<int>(EngineOutcome::failed));
static_assert(static_cast<int>(proto::Outcome::ADDRESS_HELD) == static_cast<int>(EngineOutcome::address_held));

proto::Outcome to_proto(EngineOutcome outcome) {
  return static_cast<proto::Outcome>(std::min(outcome, EngineOutcome::failed));
}

template <std::size_t kSize>
bool is_zero(const std::array<std::uint8_t, kSize>& bytes) {
  return bytes == std::array<std::uint8_t, kSize>{};
}

template <std::size_t kSize>
capnp::Data::Reader as_data(const std::array<std::uint8_t, kSize>& bytes) {
  return kj::arrayPtr(bytes.data(), bytes.size());
}

template <std::size_t kSize>
capnp::Data::Reader as_data_or_none(const std::array<std::uint8_t, kSize>& bytes) {
  return is_zero(bytes) ? capnp::Data::Reader() : as_data(bytes);
}

template <std::size_t kSize>
bool copy_exactly(capnp::Data::Reader from, std::array<std::uint8_t, kSize>& to) {
  if (from.size() != kSize) return false;
  std::copy(from.begin(), from.end(), to.begin());
  return true;
}

template <std::size_t kSize>
bool copy_if_given(capnp::Data::Reader from, std::array<std::uint8_t, kSize>& to) {
  return from.size() == 0 || copy_exactly(from, to);
}

EngineRequest request_for(EngineOperation operation) {
  EngineRequest request;
  request.operation = operation;
  return request;
}

// False when a field has a length that it cannot have.
bool decode(proto::PeerItem::Reader item, EngineRequest& request) {
  std::array<std::uint8_t, 32> preshared_key{};  // its bytes are not passed on: the engine refuses the flag
  if (item.getReplaces().size() != 0) request.flags |= EngineRequest::kHasReplaces;
  if (item.getPresharedKey().size() != 0) request.flags |= EngineRequest::kHasPresharedKey;
  return copy_exactly(item.getKey(), request.key) && copy_if_given(item.getIpv4(), request.addresses.ipv4) &&
         copy_if_given(item.getIpv6(), request.addresses.ipv6) && copy_if_given(item.getReplaces(), request.replaces) &&
         copy_if_given(item.getPresharedKey(), preshared_key);
}

bool decode(proto::Policy::Reader from, EnginePolicy& to) {
  const auto network = from.getNetwork();
  if (network.size() != 4 && network.size() != 16) return false;
  std::copy(network.begin(), network.end(), to.network.begin());
  to.family = network.size() == 4 ? 4 : 6;
  to.prefix = from.getPrefix();
  to.port = from.getPort();
  to.mtu = from.getMtu();
  return true;
}

void encode(const EnginePolicy& from, proto::Policy::Builder to) {
  to.setNetwork(kj::arrayPtr(from.network.data(), from.family == 4 ? 4 : 16));
  to.setPrefix(from.prefix);
  to.setPort(from.port);
  to.setMtu(from.mtu);
}

void encode(const EnginePeer& from, proto::PeerStatus::Builder to) {
  to.setKey(as_data(from.key));
  to.setIpv4(as_data_or_none(from.addresses.ipv4));
  to.setIpv6(as_data_or_none(from.addresses.ipv6));
  to.setOtherAddresses((from.flags & EnginePeer::kOtherAddresses) != 0);
  if (from.endpoint_family == 4) to.setEndpoint(kj::arrayPtr(from.endpoint.data(), 4));
  if (from.endpoint_family == 6) to.setEndpoint(as_data(from.endpoint));
  to.setEndpointPort(from.endpoint_port);
  to.setLastHandshake(from.last_handshake);
  to.setReceivedBytes(from.received_bytes);
  to.setSentBytes(from.sent_bytes);
}

bool is_refusal(EngineOutcome outcome) {
  return outcome > EngineOutcome::interface_missing && outcome != EngineOutcome::stale_snapshot;
}

void log_refused(const char* call, EngineOutcome outcome) {
  if (is_refusal(outcome))
    log::warning("call refused", {{"call", call}, {"outcome", static_cast<std::int64_t>(outcome)}});
}

// One line a call: a caller taken over must not be able to fill the disk with our log.
void log_refused(const char* call, const std::vector<EngineRequest>& records,
                 const std::vector<EngineOutcome>& outcomes) {
  const auto first = std::find_if(outcomes.begin(), outcomes.end(), is_refusal);
  if (first == outcomes.end()) return;
  const PublicKey key{records[static_cast<std::size_t>(first - outcomes.begin())].key};
  log::warning("items refused", {{"call", call},
                                 {"items", std::int64_t{std::count_if(first, outcomes.end(), is_refusal)}},
                                 {"first_outcome", static_cast<std::int64_t>(*first)},
                                 {"first_key", to_base64(key)}});
}

template <class List>
void encode(const std::vector<EngineOutcome>& outcomes, List to) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) to.set(static_cast<unsigned>(i), to_proto(outcomes[i]));
}

}  // namespace

Service::Service(Shared& shared, capnp::TwoPartyVatNetwork& network, kj::AsyncIoStream& stream)
    : shared_(shared), engine_(shared.engine), network_(network), stream_(stream) {}

kj::Promise<void> Service::admitted(kj::Promise<void> call) {
  ++shared_.open_calls;
  return call.attach(kj::defer([&shared = shared_] { --shared.open_calls; }));
}

void Service::admit() {
  const bool reads_nothing = network_.getCurrentQueueSize() > kQueuedReplyBytes;
  if (shared_.open_calls < kOpenCalls && !reads_nothing) return;
  log::warning(reads_nothing ? "caller does not read its answers: connection closed" : "too many open calls: refused");
  if (reads_nothing) stream_.abortRead();
  kj::throwFatalException(KJ_EXCEPTION(OVERLOADED, "too many calls are open"));
}

kj::Promise<void> Service::hello(HelloContext context) {
  admit();
  if (context.getParams().getProtocolVersion() != proto::PROTOCOL_VERSION) {
    context.getResults().setOutcome(proto::Outcome::MALFORMED);
    context.getResults().setVersion(proto::PROTOCOL_VERSION);
    return kj::READY_NOW;
  }
  return admitted(engine_.call(request_for(EngineOperation::hello)).then([context](auto page) mutable {
    const auto& reply = page->reply;
    auto results = context.getResults();
    results.setOutcome(to_proto(reply.outcome));
    results.setVersion(proto::PROTOCOL_VERSION);
    if (reply.backend <= EngineBackend::userspace) results.setBackend(static_cast<proto::Backend>(reply.backend));
    if (reply.flags & EngineReply::kHasKey) results.setHubPublicKey(as_data(reply.hub_key));
    if (reply.flags & EngineReply::kHasPolicy) results.setPolicyDigest(as_data(reply.policy_digest));
    if (reply.flags & EngineReply::kHasPolicy) encode(reply.policy, results.initPolicy());
    results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
    results.setLinkGeneration(reply.link_generation);
  }));
}

kj::Promise<void> Service::generateKey(GenerateKeyContext context) {
  admit();
  return admitted(engine_.call(request_for(EngineOperation::generate_key)).then([context](auto page) mutable {
    log_refused("generateKey", page->reply.outcome);
    context.getResults().setOutcome(to_proto(page->reply.outcome));
    if (page->reply.flags & EngineReply::kHasKey) context.getResults().setHubPublicKey(as_data(page->reply.hub_key));
  }));
}

kj::Promise<void> Service::configure(ConfigureContext context) {
  admit();
  auto request = request_for(EngineOperation::configure);
  if (!decode(context.getParams().getPolicy(), request.policy)) {
    log_refused("configure", EngineOutcome::malformed);
    context.getResults().setOutcome(proto::Outcome::MALFORMED);
    return kj::READY_NOW;
  }
  return admitted(engine_.call(request).then([context](auto page) mutable {
    const auto& reply = page->reply;
    log_refused("configure", reply.outcome);
    auto results = context.getResults();
    results.setOutcome(to_proto(reply.outcome));
    results.setCreated((reply.flags & EngineReply::kCreated) != 0);
    if (reply.flags & EngineReply::kHasPolicy) encode(reply.policy, results.initPolicy());
    results.setLinkGeneration(reply.link_generation);
  }));
}

kj::Promise<void> Service::addPeers(AddPeersContext context) {
  admit();
  const auto peers = context.getParams().getPeers();
  if (peers.size() > kPeersPerPage) {
    log_refused("addPeers", EngineOutcome::malformed);
    context.getResults().initOutcomes(1).set(0, proto::Outcome::MALFORMED);
    return kj::READY_NOW;
  }
  std::vector<EngineRequest> records(peers.size(), request_for(EngineOperation::add_peer));
  std::vector<EngineOutcome> outcomes(peers.size(), EngineOutcome::deferred);
  for (unsigned i = 0; i < peers.size(); ++i)
    if (!decode(peers[i], records[i])) outcomes[i] = EngineOutcome::malformed;
  auto done = engine_.batch(EngineQueue::Rank::add, records, std::move(outcomes));
  return admitted(done.then([context, records = std::move(records)](auto all) mutable {
    log_refused("addPeers", records, all);
    encode(all, context.getResults().initOutcomes(static_cast<unsigned>(all.size())));
  }));
}

kj::Promise<void> Service::removePeers(RemovePeersContext context) {
  admit();
  const auto keys = context.getParams().getKeys();
  if (keys.size() > kPeersPerPage) {
    log_refused("removePeers", EngineOutcome::malformed);
    context.getResults().initOutcomes(1).set(0, proto::Outcome::MALFORMED);
    return kj::READY_NOW;
  }
  std::vector<EngineRequest> records(keys.size(), request_for(EngineOperation::remove_peer));
  std::vector<EngineOutcome> outcomes(keys.size(), EngineOutcome::deferred);
  for (unsigned i = 0; i < keys.size(); ++i)
    if (!copy_exactly(keys[i], records[i].key)) outcomes[i] = EngineOutcome::malformed;
  auto done = engine_.batch(EngineQueue::Rank::remove, records, std::move(outcomes));
  return admitted(done.then([context, records = std::move(records)](auto all) mutable {
    log_refused("removePeers", records, all);
    encode(all, context.getResults().initOutcomes(static_cast<unsigned>(all.size())));
  }));
}

kj::Promise<void> Service::status(StatusContext context) {
  admit();
  auto request = request_for(EngineOperation::status);
  request.snapshot = context.getParams().getSnapshot();
  request.cursor = context.getParams().getCursor();
  return admitted(engine_.call(request).then([context](auto page) mutable {
    const auto& reply = page->reply;
    auto results = context.getResults();
    results.setOutcome(to_proto(reply.outcome));
    results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
    results.setSnapshot(reply.snapshot);
    auto peers = results.initPeers(reply.peer_count);
    for (unsigned i = 0; i < reply.peer_count; ++i) encode(page->peers[i], peers[i]);
    results.setNextCursor(reply.next_cursor);
    results.setLastPage((reply.flags & EngineReply::kLastPage) != 0);
    results.setComplete((reply.flags & EngineReply::kComplete) != 0);
    results.setTotal(reply.total);
    results.setLinkGeneration(reply.link_generation);
  }));
}

kj::Promise<void> Service::watch(WatchContext context) {
  admit();
  const auto seen = context.getParams().getLinkGeneration();
  // The hello makes sure that there is an engine, and that its generation is the present one.
  return admitted(
      engine_.call(request_for(EngineOperation::hello))
          .then([this, seen](auto) -> kj::Promise<void> {
            if (engine_.link_generation() != seen) return kj::READY_NOW;
            return engine_.link_change().exclusiveJoin(shared_.timer.afterDelay(kWatchLimit));
          })
          .then([this, context]() mutable { context.getResults().setLinkGeneration(engine_.link_generation()); }));
}

}  // namespace wghub
