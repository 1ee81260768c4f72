#include "wgprivd/front/front.h"

#include <capnp/rpc-twoparty.h>
#include <sys/socket.h>

#include <utility>

#include "common/log.h"

namespace wghub {
namespace {

// A full addPeers call has 5,000 words and is read once; the deepest message nests 8 pointers.
constexpr capnp::ReaderOptions kReaderOptions = {.traversalLimitInWords = 16 * 1024, .nestingLimit = 12};
constexpr std::size_t kWordsOfOpenCalls = 64 * 1024;
constexpr auto kAcceptPause = 1 * kj::SECONDS;
constexpr auto kIdleCheck = 5 * kj::SECONDS;

}  // namespace

class Front::Connection {
 public:
  Connection(kj::Own<kj::AsyncIoStream> stream, Service::Shared& shared)
      : stream_(kj::mv(stream)),
        network_(*stream_, capnp::rpc::twoparty::Side::SERVER, kReaderOptions),
        rpc_(capnp::makeRpcServer(network_, proto::Wgprivd::Client(kj::heap<Service>(shared, network_, *stream_)))) {
    rpc_.setFlowLimit(kWordsOfOpenCalls);
  }

  kj::Promise<void> closed() { return network_.onDisconnect(); }

 private:
  kj::Own<kj::AsyncIoStream> stream_;
  capnp::TwoPartyVatNetwork network_;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc_;
};

Front::Front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener, const FrontOptions& options)
    : timer_(io.provider->getTimer()),
      listener_(kj::mv(listener)),
      options_(options),
      engine_(io, options.engine_path),
      shared_{engine_, timer_},
      last_used_(timer_.now()),
      tasks_(*this) {}

kj::Promise<void> Front::run() {
  return accept_all().exclusiveJoin(until_idle());
}

kj::Promise<void> Front::accept_all() {
  return listener_->accept().then(
      [this](kj::Own<kj::AsyncIoStream> stream) {
        serve(kj::mv(stream));
        return accept_all();
      },
      [this](kj::Exception&& exception) {
        // Out of descriptors or memory: both pass, and a closed listener ends with us.
        log::error("accept failed", {{"reason", exception.getDescription().cStr()}});
        return timer_.afterDelay(kAcceptPause).then([this] { return accept_all(); });
      });
}

void Front::serve(kj::Own<kj::AsyncIoStream> stream) {
  ucred caller{};
  kj::uint size = sizeof caller;
  stream->getsockopt(SOL_SOCKET, SO_PEERCRED, &caller, &size);
  if (caller.uid != options_.caller || connections_ >= kConnections) {
    log::warning(caller.uid != options_.caller ? "wrong caller refused" : "too many connections, one refused",
                 {{"uid", std::int64_t{caller.uid}}, {"pid", std::int64_t{caller.pid}}});
    return;
  }
  auto connection = kj::heap<Connection>(kj::mv(stream), shared_);
  ++connections_;
  auto counted = kj::defer([this] {
    --connections_;
    last_used_ = timer_.now();
  });
  tasks_.add(connection->closed().attach(kj::mv(connection), kj::mv(counted)));
}

kj::Promise<void> Front::until_idle() {
  const auto pause = kj::min(kIdleCheck, options_.idle);
  return timer_.afterDelay(pause).then([this]() -> kj::Promise<void> {
    if (connections_ > 0) return until_idle();
    engine_.rest();
    if (timer_.now() - last_used_ >= options_.idle) return kj::READY_NOW;
    return until_idle();
  });
}

void Front::taskFailed(kj::Exception&& exception) {
  log::warning("connection failed", {{"reason", exception.getDescription().cStr()}});
}

}  // namespace wghub
