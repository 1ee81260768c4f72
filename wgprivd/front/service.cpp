#include "wgprivd/front/service.h"

#include <kj/debug.h>

#include <algorithm>

#include "common/log.h"
#include "proto/wgprivd.capnp.h"

namespace wghub {
namespace {

constexpr unsigned kOpenCalls = 64;
constexpr auto kBatchLimit = 1500 * kj::MILLISECONDS;
constexpr auto kCallLimit = 9 * kj::SECONDS;
constexpr auto kWatchLimit = 25 * kj::SECONDS;

static_assert(static_cast<int>(proto::Outcome::FAILED) == static_cast<int>(EngineOutcome::failed));

proto::Outcome to_proto(EngineOutcome outcome) {
  return static_cast<proto::Outcome>(std::min(outcome, EngineOutcome::failed));
}

// All zero means that there is none, which is empty in Cap'n Proto.
template <std::size_t kSize>
capnp::Data::Reader to_proto(const std::array<std::uint8_t, kSize>& bytes) {
  const bool none = bytes == std::array<std::uint8_t, kSize>{};
  return kj::arrayPtr(bytes.data(), none ? 0 : kSize);
}

capnp::Data::Reader to_proto(const std::array<std::uint8_t, 16>& address, unsigned family) {
  return kj::arrayPtr(address.data(), family == 4 ? 4U : family == 6 ? 16U : 0U);
}

void encode(const EnginePolicy& from, proto::Policy::Builder to) {
  to.setNetwork(to_proto(from.network, from.family));
  to.setPrefix(from.prefix);
  to.setPort(from.port);
  to.setMtu(from.mtu);
}

void encode(const EnginePeer& from, proto::PeerStatus::Builder to) {
  to.setKey(to_proto(from.key));
  to.setIpv4(to_proto(from.addresses.ipv4));
  to.setIpv6(to_proto(from.addresses.ipv6));
  to.setOtherAddresses((from.flags & EnginePeer::kOtherAddresses) != 0);
  to.setEndpoint(to_proto(from.endpoint, from.endpoint_family));
  to.setEndpointPort(from.endpoint_port);
  to.setLastHandshake(from.last_handshake);
  to.setReceivedBytes(from.received_bytes);
  to.setSentBytes(from.sent_bytes);
}

// Each decode is false when a field has a length that it cannot have.
template <std::size_t kSize>
bool decode(capnp::Data::Reader from, std::array<std::uint8_t, kSize>& to) {
  if (from.size() == kSize) std::copy(from.begin(), from.end(), to.begin());
  return from.size() == kSize;
}

template <std::size_t kSize>
bool decode_optional(capnp::Data::Reader from, std::array<std::uint8_t, kSize>& to) {
  return from.size() == 0 || decode(from, to);
}

bool decode(capnp::Data::Reader key, EngineRequest& to) {
  to.operation = EngineOperation::remove_peer;
  return decode(key, to.key);
}

// A preshared key is not passed on: the engine refuses the flag.
bool decode(proto::PeerItem::Reader from, EngineRequest& to) {
  to.operation = EngineOperation::add_peer;
  if (from.getReplaces().size() != 0) to.flags |= EngineRequest::kHasReplaces;
  if (from.getPresharedKey().size() != 0) to.flags |= EngineRequest::kHasPresharedKey;
  return decode(from.getKey(), to.key) && decode_optional(from.getIpv4(), to.addresses.ipv4) &&
         decode_optional(from.getIpv6(), to.addresses.ipv6) && decode_optional(from.getReplaces(), to.replaces) &&
         (from.getPresharedKey().size() == 0 || from.getPresharedKey().size() == 32);
}

bool decode(proto::Policy::Reader from, EngineRequest& to) {
  const auto network = from.getNetwork();
  if (network.size() != 4 && network.size() != 16) return false;
  const std::uint8_t family = network.size() == 4 ? 4 : 6;
  to.policy = {{}, family, from.getPrefix(), from.getPort(), from.getMtu()};
  std::copy(network.begin(), network.end(), to.policy.network.begin());
  return true;
}

bool is_refusal(EngineOutcome outcome) {
  return outcome > EngineOutcome::interface_missing && outcome != EngineOutcome::stale_snapshot;
}

// One line a call, as a caller taken over must not fill the disk with our log; the engine names the keys and reasons.
void log_refusals(const char* name, const EngineCall& call) {
  const auto count = std::count_if(call.outcomes.begin(), call.outcomes.end(), is_refusal);
  if (count > 0) log::warning("refused", {{"call", name}, {"items", std::int64_t{count}}});
}

#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // the generated base class, which kj never deletes through
class Service final : public proto::Wgprivd::Server {
 public:
  Service(EngineQueue& engine, kj::Timer& timer, unsigned& open_calls)
      : engine_(engine), timer_(timer), open_calls_(open_calls) {}

  kj::Promise<void> hello(HelloContext context) override {
    EngineRequest request{.operation = EngineOperation::hello};
    request.version = context.getParams().getProtocolVersion();
    if (request.version != proto::PROTOCOL_VERSION) return refuse("hello", context);
    return ask("hello", request, context, [](auto results, const EngineStatusPage& page) {
      const auto& reply = page.reply;
      results.setVersion(proto::PROTOCOL_VERSION);
      results.setBackend(static_cast<proto::Backend>(reply.backend));
      results.setHubPublicKey(to_proto(reply.hub_key));
      results.setPolicyDigest(to_proto(reply.policy_digest));
      encode(reply.policy, results.initPolicy());
      results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
      results.setLinkGeneration(reply.link_generation);
    });
  }

  kj::Promise<void> generateKey(GenerateKeyContext context) override {
    const EngineRequest request{.operation = EngineOperation::generate_key};
    return ask("generateKey", request, context, [](auto results, const EngineStatusPage& page) {
      results.setHubPublicKey(to_proto(page.reply.hub_key));
    });
  }

  kj::Promise<void> configure(ConfigureContext context) override {
    EngineRequest request{.operation = EngineOperation::configure};
    if (!decode(context.getParams().getPolicy(), request)) return refuse("configure", context);
    return ask("configure", request, context, [](auto results, const EngineStatusPage& page) {
      const auto& reply = page.reply;
      results.setCreated((reply.flags & EngineReply::kCreated) != 0);
      encode(reply.policy, results.initPolicy());
      results.setLinkGeneration(reply.link_generation);
    });
  }

  kj::Promise<void> addPeers(AddPeersContext context) override {
    return change("addPeers", EngineRank::add, context.getParams().getPeers(), context);
  }

  kj::Promise<void> removePeers(RemovePeersContext context) override {
    return change("removePeers", EngineRank::remove, context.getParams().getKeys(), context);
  }

  kj::Promise<void> status(StatusContext context) override {
    EngineRequest request{.operation = EngineOperation::status};
    request.snapshot = context.getParams().getSnapshot();
    request.cursor = context.getParams().getCursor();
    return ask("status", request, context, [](auto results, const EngineStatusPage& page) {
      const auto& reply = page.reply;
      results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
      results.setSnapshot(reply.snapshot);
      auto list = results.initPeers(reply.peer_count);
      for (unsigned i = 0; i < reply.peer_count; ++i) encode(page.peers[i], list[i]);
      results.setNextCursor(reply.next_cursor);
      results.setLastPage((reply.flags & EngineReply::kLastPage) != 0);
      results.setComplete((reply.flags & EngineReply::kComplete) != 0);
      results.setTotal(reply.total);
      results.setLinkGeneration(reply.link_generation);
    });
  }

  // The hello makes sure that there is an engine and that its generation is the present one.
  kj::Promise<void> watch(WatchContext context) override {
    auto call = std::make_shared<EngineCall>();
    call->records = {{.operation = EngineOperation::hello}};
    const auto seen = context.getParams().getLinkGeneration();
    return run(call, kCallLimit, [this, seen, context]() mutable {
      auto changed = engine_.link_generation() != seen ? kj::Promise<void>(kj::READY_NOW) : engine_.link_change();
      return changed.exclusiveJoin(timer_.afterDelay(kWatchLimit)).then([this, context]() mutable {
        context.getResults().setLinkGeneration(engine_.link_generation());
      });
    });
  }

 private:
  // Runs call, and then after, as one of the open calls.
  template <class After>
  kj::Promise<void> run(const std::shared_ptr<EngineCall>& call, kj::Duration limit, After after) {
    if (open_calls_ >= kOpenCalls) return KJ_EXCEPTION(OVERLOADED, "too many calls are open");
    ++open_calls_;
    auto done = engine_.run(call, limit).then(kj::mv(after));
    return done.attach(kj::defer([&open = open_calls_] { --open; }));
  }

  // Runs one record and lets fill set the results besides the outcome.
  template <class Context, class Fill>
  kj::Promise<void> ask(const char* name, const EngineRequest& request, Context context, Fill fill) {
    auto call = std::make_shared<EngineCall>();
    call->records = {request};
    return run(call, kCallLimit, [name, call, context, fill]() mutable {
      log_refusals(name, *call);
      auto results = context.getResults();
      results.setOutcome(to_proto(call->outcomes.front()));
      fill(results, call->answer);
    });
  }

  // Runs one record an item; a list with anything malformed in it is refused whole, with that one outcome.
  template <class List, class Context>
  kj::Promise<void> change(const char* name, EngineRank rank, List items, Context context) {
    auto call = std::make_shared<EngineCall>();
    call->rank = rank;
    bool well_formed = items.size() > 0 && items.size() <= kPeersPerPage;
    call->records.resize(well_formed ? items.size() : 1);
    for (unsigned i = 0; well_formed && i < items.size(); ++i) well_formed = decode(items[i], call->records[i]);
    auto answer = [name, call, context]() mutable {
      log_refusals(name, *call);
      const auto count = static_cast<unsigned>(call->outcomes.size());
      auto outcomes = context.getResults().initOutcomes(count);
      for (unsigned i = 0; i < count; ++i) outcomes.set(i, to_proto(call->outcomes[i]));
    };
    if (well_formed) return run(call, kBatchLimit, kj::mv(answer));
    call->outcomes = {EngineOutcome::malformed};
    answer();
    return kj::READY_NOW;
  }

  // A malformed call: what the record could not carry never reaches the engine.
  template <class Context>
  static kj::Promise<void> refuse(const char* name, Context context) {
    log::warning("malformed call refused", {{"call", name}});
    context.getResults().setOutcome(proto::Outcome::MALFORMED);
    return kj::READY_NOW;
  }

  EngineQueue& engine_;
  kj::Timer& timer_;
  unsigned& open_calls_;
};

}  // namespace

capnp::Capability::Client make_service(EngineQueue& engine, kj::Timer& timer, unsigned& open_calls) {
  return proto::Wgprivd::Client(kj::heap<Service>(engine, timer, open_calls));
}

}  // namespace wghub
