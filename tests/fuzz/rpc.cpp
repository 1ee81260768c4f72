// Bytes -> the front's Cap'n Proto service, over a socket as its caller has it. Beside it an engine that answers
// honestly or, as the first byte says, lies. Whatever came in, the engine is sent sound records alone, and the front
// serves on.
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/io.h>
#include <sys/socket.h>

#include <optional>

#include "proto/wgprivd.capnp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/wgprivd/front/local_socket.h"
#include "wgprivd/front/engine_queue.h"
#include "wgprivd/front/service.h"

using namespace wghub;
using namespace wghub::fuzz;

namespace {

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr int kTurns = 600;  // more than the records of a call
constexpr int kProofs = 64;  // so many inputs between two proofs that the front still serves

enum class Lie { none, other_id, cut, too_many_peers, unknown_outcome, hang_up, page };

/// In the event loop's own thread, a turn at a time.
class Engine {
 public:
  explicit Engine(const std::string& path) : listener_(test::listen_at(path, SOCK_SEQPACKET | SOCK_NONBLOCK)) {}

  Lie lie = Lie::none;

  /// Whether there was anything to do.
  bool turn() {
    Descriptor next(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const bool has_come = static_cast<bool>(next);
    if (has_come) front_ = std::move(next);
    std::array<char, 4096> record;
    const auto size = front_ ? ::recv(front_.get(), record.data(), record.size(), MSG_DONTWAIT) : -1;
    if (size <= 0) return has_come;
    claim(size == sizeof(EngineRequest), "every record has its size");
    EngineRequest request;
    std::memcpy(&request, record.data(), sizeof request);
    check(request);
    answer(request);
    return true;
  }

 private:
  static void check(const EngineRequest& request) {
    const auto operation = static_cast<std::uint32_t>(request.operation);
    const bool adds = request.operation == EngineOperation::add_peer;
    const bool replaces = (request.flags & EngineRequest::kHasReplaces) != 0;
    claim(request.version == kEngineVersion && request.reserved == 0, "version and reserved field");
    claim(operation >= 1 && operation <= 6, "an operation that there is");
    claim((request.flags & ~3U) == 0 && (adds || request.flags == 0), "flags of the operation");
    claim(replaces || request.replaces == decltype(request.replaces){}, "no replaced key without its flag");
    claim(adds || request.addresses == EngineAddresses(), "addresses where they belong");
    claim(request.operation == EngineOperation::configure || request.policy == EnginePolicy(), "and so a policy");
    const bool pages = request.operation == EngineOperation::status;
    claim(pages || (request.snapshot == 0 && request.cursor == 0), "and so a cursor");
  }

  void answer(const EngineRequest& request) {
    EngineStatusPage page{};
    page.reply.operation = request.operation;
    page.reply.id = request.id + (lie == Lie::other_id ? 1 : 0);
    page.reply.backend = EngineBackend::userspace;
    page.reply.flags = EngineReply::kInterfaceUp | EngineReply::kLastPage;
    if (lie == Lie::unknown_outcome) page.reply.outcome = static_cast<EngineOutcome>(0xffff0000U);
    if (lie == Lie::page || lie == Lie::too_many_peers) page.reply.peer_count = kPeersPerPage;
    auto size = sizeof(EngineReply) + page.reply.peer_count * sizeof(EnginePeer);
    for (auto& peer : page.peers) peer.endpoint_family = 9;
    if (lie == Lie::too_many_peers) page.reply.peer_count += 1;
    if (lie == Lie::cut) size -= 1;
    if (lie == Lie::hang_up) front_ = Descriptor();
    if (front_) ::send(front_.get(), &page, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  Descriptor listener_;
  Descriptor front_;
};

/// Lets connections in one by one.
class Door final : public kj::ConnectionReceiver {
 public:
  kj::Promise<kj::Own<kj::AsyncIoStream>> accept() override {
    auto pair = kj::newPromiseAndFulfiller<kj::Own<kj::AsyncIoStream>>();
    waiting_ = kj::mv(pair.fulfiller);
    return kj::mv(pair.promise);
  }
  kj::uint getPort() override { return 0; }
  void let_in(kj::Own<kj::AsyncIoStream> stream) { waiting_->fulfill(kj::mv(stream)); }

 private:
  kj::Own<kj::PromiseFulfiller<kj::Own<kj::AsyncIoStream>>> waiting_;
};

/// The front; one for all inputs, as in life.
class Stage {
 public:
  Stage() : engine(directory_ / "engine.sock") {
    auto door = kj::heap<Door>();
    door_ = door.get();
    FrontOptions options{directory_ / "engine.sock", ::getuid(), 24 * kj::HOURS};
    running_ = run_front(io_, kj::mv(door), options).eagerlyEvaluate(nullptr);
  }

  /// The caller's end of a new connection.
  Descriptor connect() {
    int ends[2];
    const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    claim(::socketpair(AF_UNIX, type, 0, ends) == 0, "a pair of sockets");
    io_.waitScope.poll();
    door_->let_in(io_.lowLevelProvider->wrapSocketFd(kj::AutoCloseFd(ends[0])));
    return Descriptor(ends[1]);
  }

  void run() {
    int turns = 0;
    for (bool more = true; more && turns < kTurns; ++turns) {
      io_.waitScope.poll();
      more = engine.turn();
    }
    io_.waitScope.poll();
  }

  void prove() {
    engine.lie = Lie::none;
    run();
    auto stream = io_.lowLevelProvider->wrapSocketFd(kj::AutoCloseFd(connect().release()));
    capnp::TwoPartyVatNetwork network(*stream, capnp::rpc::twoparty::Side::CLIENT);
    auto rpc = capnp::makeRpcClient(network);
    capnp::MallocMessageBuilder message;
    auto server = message.initRoot<capnp::rpc::twoparty::VatId>();
    server.setSide(capnp::rpc::twoparty::Side::SERVER);
    auto request = rpc.bootstrap(server).castAs<proto::Wgprivd>().helloRequest();
    request.setProtocolVersion(proto::PROTOCOL_VERSION);
    bool answered = false;
    auto done =
        request.send().then([&answered](auto&& response) { answered = response.getOutcome() == proto::Outcome::DONE; });
    auto waiting = done.eagerlyEvaluate([](kj::Exception&&) {});
    run();
    claim(answered, "the front serves on");
  }

 private:
  test::TemporaryDirectory directory_;

 public:
  Engine engine;

 private:
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  Door* door_ = nullptr;
  kj::Promise<void> running_ = nullptr;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Stage stage;
  static int inputs = 0;
  if (inputs++ % kProofs == 0) stage.prove();
  auto bytes = text_of(data, std::min(size, kMostBytes));
  stage.engine.lie = static_cast<Lie>(take_byte(bytes) % 7);
  const auto socket = stage.connect();
  ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  stage.run();
  ::shutdown(socket.get(), SHUT_WR);
  stage.run();
  return 0;
}
