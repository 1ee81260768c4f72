#include "wgprivd/front/service.h"

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>
#include <sys/socket.h>

#include <algorithm>

#include "common/log.h"
#include "proto/conversion.h"
#include "wgprivd/front/engine_queue.h"

namespace wghub {
namespace {

// A full addPeers call has 5,000 words and is read once; the deepest message nests 8 pointers.
constexpr capnp::ReaderOptions kReaderOptions = {.traversalLimitInWords = 16'384, .nestingLimit = 12};
constexpr std::size_t kWordsOfOpenCalls = 65'536;
constexpr unsigned kConnections = 8;
constexpr auto kPause = 1 * kj::SECONDS;
constexpr unsigned kOpenCalls = 64;
constexpr auto kBatchLimit = 1500 * kj::MILLISECONDS;
constexpr auto kCallLimit = 9 * kj::SECONDS;
constexpr auto kWatchLimit = 25 * kj::SECONDS;

bool decode(capnp::Data::Reader key, EngineRequest& to) { return proto::from_data(key, to.key); }

using proto::decode;

// One record an item; none when there is anything malformed.
template <class List>
std::vector<EngineRequest> to_records(EngineOperation operation, List items) {
  std::vector<EngineRequest> records(items.size() <= kPeersPerPage ? items.size() : 0, {.operation = operation});
  for (unsigned i = 0; i < records.size(); ++i)
    if (!decode(items[i], records[i])) return {};
  return records;
}

bool is_refusal(EngineOutcome outcome) {
  return outcome > EngineOutcome::interface_missing && outcome != EngineOutcome::stale_snapshot;
}

// One line a call, as a caller taken over must not fill the disk with our log; the engine names the keys and reasons.
void log_refusals(const char* name, const EngineCall& call) {
  const auto count = std::ranges::count_if(call.outcomes, is_refusal);
  if (count > 0) log::warning("refused", {{"call", name}, {"items", std::int64_t{count}}});
}

#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // the generated base class, which kj never deletes through
class Service final : public proto::Wgprivd::Server {
 public:
  Service(EngineQueue& engine, kj::Timer& timer, capnp::TwoPartyVatNetwork& caller, std::shared_ptr<unsigned> open)
      : engine_(engine), timer_(timer), caller_(caller), open_calls_(std::move(open)) {}

  kj::Promise<void> hello(HelloContext context) override {
    const bool known = context.getParams().getProtocolVersion() == proto::PROTOCOL_VERSION;
    const EngineRequest request{.operation = EngineOperation::hello};
    return ask("hello", request, known, context, [](auto results, const EngineReply& reply, const auto&) {
      results.setVersion(proto::PROTOCOL_VERSION);
      results.setBackend(static_cast<proto::Backend>(reply.backend));
      results.setHubPublicKey(proto::to_data(reply.hub_key));
      results.setPolicyDigest(proto::to_data(reply.policy_digest));
      encode(reply.policy, results.initPolicy());
      results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
      results.setLinkGeneration(reply.link_generation);
    });
  }

  kj::Promise<void> generateKey(GenerateKeyContext context) override {
    const EngineRequest request{.operation = EngineOperation::generate_key};
    return ask("generateKey", request, true, context, [](auto results, const EngineReply& reply, const auto&) {
      results.setHubPublicKey(proto::to_data(reply.hub_key));
    });
  }

  kj::Promise<void> configure(ConfigureContext context) override {
    EngineRequest request{.operation = EngineOperation::configure};
    const bool well_formed = decode(context.getParams().getPolicy(), request.policy);
    return ask("configure", request, well_formed, context, [](auto results, const EngineReply& reply, const auto&) {
      results.setCreated((reply.flags & EngineReply::kCreated) != 0);
      encode(reply.policy, results.initPolicy());
      results.setLinkGeneration(reply.link_generation);
    });
  }

  kj::Promise<void> addPeers(AddPeersContext context) override {
    auto records = to_records(EngineOperation::add_peer, context.getParams().getPeers());
    return change("addPeers", EngineRank::add, std::move(records), context);
  }

  kj::Promise<void> removePeers(RemovePeersContext context) override {
    auto records = to_records(EngineOperation::remove_peer, context.getParams().getKeys());
    return change("removePeers", EngineRank::remove, std::move(records), context);
  }

  kj::Promise<void> status(StatusContext context) override {
    EngineRequest request{.operation = EngineOperation::status};
    request.snapshot = context.getParams().getSnapshot();
    request.cursor = context.getParams().getCursor();
    return ask("status", request, true, context, [](auto results, const EngineReply& reply, const auto& peers) {
      results.setInterfaceUp((reply.flags & EngineReply::kInterfaceUp) != 0);
      results.setSnapshot(reply.snapshot);
      auto list = results.initPeers(reply.peer_count);
      for (unsigned i = 0; i < reply.peer_count; ++i) encode(peers[i], list[i]);
      results.setNextCursor(reply.next_cursor);
      results.setLastPage((reply.flags & EngineReply::kLastPage) != 0);
      results.setComplete((reply.flags & EngineReply::kComplete) != 0);
      results.setTotal(reply.total);
      results.setLinkGeneration(reply.link_generation);
    });
  }

  // The hello makes sure that there is an engine and that its generation is the present one.
  kj::Promise<void> watch(WatchContext context) override {
    const auto seen = context.getParams().getLinkGeneration();
    return run("watch", EngineRank::other, {{.operation = EngineOperation::hello}}, [=, this](const EngineCall&) {
      auto changed = engine_.link_generation() != seen ? kj::Promise<void>(kj::READY_NOW) : engine_.link_change();
      return changed.exclusiveJoin(timer_.afterDelay(kWatchLimit)).then([this, context]() mutable {
        context.getResults().setLinkGeneration(engine_.link_generation());
      });
    });
  }

 private:
  // Runs the records, then finish with what became of them. Without records the call is malformed: what they could not
  // carry never reaches the engine.
  template <class Finish>
  kj::Promise<void> run(const char* name, EngineRank rank, std::vector<EngineRequest> records, Finish finish) {
    auto call = std::make_shared<EngineCall>();
    call->rank = rank;
    call->records = std::move(records);
    if (call->records.empty()) call->outcomes = {EngineOutcome::malformed};
    if (*open_calls_ >= kOpenCalls) return KJ_EXCEPTION(OVERLOADED, "too many calls are open");
    ++*open_calls_;
    const auto limit = rank == EngineRank::other ? kCallLimit : kBatchLimit;
    auto ran = call->records.empty() ? kj::Promise<void>(kj::READY_NOW) : engine_.run(call, limit);
    auto done = ran.then([name, call, finish]() mutable {
      log_refusals(name, *call);
      return finish(*call);
    });
    // A caller that is gone leaves no calls behind: 64 watches would keep the next one out for 25 s.
    return done.exclusiveJoin(caller_.onDisconnect()).attach(kj::defer([open = open_calls_] { --*open; }));
  }

  // Runs one record, where the call is well formed, and lets fill set the results besides the outcome.
  template <class Context, class Fill>
  kj::Promise<void> ask(const char* name, const EngineRequest& request, bool well_formed, Context context, Fill fill) {
    std::vector<EngineRequest> records(well_formed ? 1 : 0, request);
    return run(name, EngineRank::other, std::move(records), [context, fill](const EngineCall& call) mutable {
      auto results = context.getResults();
      results.setOutcome(proto::to_outcome(call.outcomes.front()));
      fill(results, call.reply, call.peers);
    });
  }

  template <class Context>
  kj::Promise<void> change(const char* name, EngineRank rank, std::vector<EngineRequest> records, Context context) {
    return run(name, rank, std::move(records), [context](const EngineCall& call) mutable {
      auto outcomes = context.getResults().initOutcomes(static_cast<unsigned>(call.outcomes.size()));
      for (unsigned i = 0; i < outcomes.size(); ++i) outcomes.set(i, proto::to_outcome(call.outcomes[i]));
    });
  }

  EngineQueue& engine_;
  kj::Timer& timer_;
  capnp::TwoPartyVatNetwork& caller_;
  std::shared_ptr<unsigned> open_calls_;  ///< shared, as a call that was cancelled may go after all else
};

// Accepts the caller and gives each connection a service.
class Front final : private kj::TaskSet::ErrorHandler {
 public:
  Front(kj::AsyncIoContext& io, const FrontOptions& options)
      : timer_(io.provider->getTimer()), options_(options), engine_(io, options.engine_path) {}

  // accept fails when descriptors or memory run out, which passes.
  kj::Promise<void> accept_all(kj::ConnectionReceiver& listener) {
    return listener.accept()
        .then([this](kj::Own<kj::AsyncIoStream> stream) { serve(kj::mv(stream)); })
        .catch_([this](kj::Exception&&) { return timer_.afterDelay(kPause); })
        .then([this, &listener] { return accept_all(listener); });
  }

  kj::Promise<void> until_idle() {
    return timer_.afterDelay(kPause).then([this]() -> kj::Promise<void> {
      if (connections_ == 0) engine_.rest();
      if (connections_ == 0 && timer_.now() - last_used_ >= options_.idle) return kj::READY_NOW;
      return until_idle();
    });
  }

 private:
  void serve(kj::Own<kj::AsyncIoStream> stream) {
    ucred caller{};
    kj::uint size = sizeof caller;
    stream->getsockopt(SOL_SOCKET, SO_PEERCRED, &caller, &size);
    if (caller.uid != options_.caller || connections_ >= kConnections) {
      log::warning(caller.uid != options_.caller ? "wrong caller refused" : "too many connections: refused",
                   {{"uid", std::int64_t{caller.uid}}, {"pid", std::int64_t{caller.pid}}});
      return;
    }
    auto network = kj::heap<capnp::TwoPartyVatNetwork>(*stream, capnp::rpc::twoparty::Side::SERVER, kReaderOptions);
    auto rpc = kj::heap(capnp::makeRpcServer(*network, kj::heap<Service>(engine_, timer_, *network, open_calls_)));
    rpc->setFlowLimit(kWordsOfOpenCalls);
    ++connections_;
    auto ended = kj::defer([this] {
      --connections_;
      last_used_ = timer_.now();
    });
    // Let go in this order.
    auto closed = network->onDisconnect().attach(kj::mv(rpc)).attach(kj::mv(network)).attach(kj::mv(stream));
    tasks_.add(closed.attach(kj::mv(ended)));
  }

  void taskFailed(kj::Exception&&) override {}  // a connection that ended badly has ended

  kj::Timer& timer_;
  FrontOptions options_;
  EngineQueue engine_;
  unsigned connections_ = 0;
  std::shared_ptr<unsigned> open_calls_ = std::make_shared<unsigned>(0);
  kj::TimePoint last_used_ = timer_.now();
  kj::TaskSet tasks_{*this};
};

}  // namespace

kj::Promise<void> run_front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener,
                            const FrontOptions& options) {
  auto front = kj::heap<Front>(io, options);
  auto ended = front->accept_all(*listener).exclusiveJoin(front->until_idle());
  return ended.attach(kj::mv(front)).attach(kj::mv(listener));
}

}  // namespace wghub
