#include "wgprivd/front/front.h"

#include <capnp/rpc-twoparty.h>
#include <sys/socket.h>

#include "common/log.h"
#include "wgprivd/front/service.h"

namespace wghub {
namespace {

// A full addPeers call has 5,000 words and is read once; the deepest message nests 8 pointers.
constexpr capnp::ReaderOptions kReaderOptions = {.traversalLimitInWords = 16'384, .nestingLimit = 12};
constexpr std::size_t kWordsOfOpenCalls = 65'536;
constexpr unsigned kConnections = 8;
constexpr auto kPause = 1 * kj::SECONDS;

}  // namespace

Front::Front(kj::AsyncIoContext& io, kj::Own<kj::ConnectionReceiver> listener, const FrontOptions& options)
    : timer_(io.provider->getTimer()),
      listener_(kj::mv(listener)),
      options_(options),
      engine_(io, options.engine_path),
      last_used_(timer_.now()),
      tasks_(*this) {}

// accept fails when descriptors or memory run out, which passes.
kj::Promise<void> Front::accept_all() {
  return listener_->accept()
      .then([this](kj::Own<kj::AsyncIoStream> stream) { serve(kj::mv(stream)); })
      .catch_([this](kj::Exception&&) { return timer_.afterDelay(kPause); })
      .then([this] { return accept_all(); });
}

void Front::serve(kj::Own<kj::AsyncIoStream> stream) {
  ucred caller{};
  kj::uint size = sizeof caller;
  stream->getsockopt(SOL_SOCKET, SO_PEERCRED, &caller, &size);
  if (caller.uid != options_.caller || connections_ >= kConnections) {
    log::warning(caller.uid != options_.caller ? "wrong caller refused" : "too many connections: refused",
                 {{"uid", std::int64_t{caller.uid}}, {"pid", std::int64_t{caller.pid}}});
    return;
  }
  auto network = kj::heap<capnp::TwoPartyVatNetwork>(*stream, capnp::rpc::twoparty::Side::SERVER, kReaderOptions);
  auto rpc = kj::heap(capnp::makeRpcServer(*network, make_service(engine_, timer_, open_calls_)));
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

kj::Promise<void> Front::until_idle() {
  return timer_.afterDelay(kPause).then([this]() -> kj::Promise<void> {
    if (connections_ == 0) engine_.rest();
    if (connections_ == 0 && timer_.now() - last_used_ >= options_.idle) return kj::READY_NOW;
    return until_idle();
  });
}

}  // namespace wghub
