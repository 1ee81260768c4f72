#include "wgprivd/front/service.h"

#include <capnp/rpc-twoparty.h>
#include <kj/io.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "proto/wgprivd.capnp.h"
#include "tests/catch.hpp"
#include "tests/unit/wgprivd/front/fake_engine.h"
#include "tests/unit/wgprivd/front/local_socket.h"

using namespace wghub;
using namespace wghub::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

capnp::Data::Reader data(const Bytes& bytes) { return kj::arrayPtr(bytes.data(), bytes.size()); }

Bytes key(unsigned number) {
  Bytes bytes(32, 0);
  bytes[0] = static_cast<std::uint8_t>(number);
  bytes[1] = static_cast<std::uint8_t>(number >> 8);
  bytes[2] = 1;
  return bytes;
}

/// One raw client of the front, as an attacker would write it.
struct Client {
  Client(kj::AsyncIoContext& io, const std::string& path)
      : stream(io.provider->getNetwork().parseAddress("unix:" + path).wait(io.waitScope)->connect().wait(io.waitScope)),
        network(*stream, capnp::rpc::twoparty::Side::CLIENT),
        rpc(capnp::makeRpcClient(network)),
        helper(bootstrap()) {}

  proto::Wgprivd::Client bootstrap() {
    capnp::MallocMessageBuilder message;
    auto server = message.initRoot<capnp::rpc::twoparty::VatId>();
    server.setSide(capnp::rpc::twoparty::Side::SERVER);
    return rpc.bootstrap(server).castAs<proto::Wgprivd>();
  }

  kj::Own<kj::AsyncIoStream> stream;
  capnp::TwoPartyVatNetwork network;
  capnp::RpcSystem<capnp::rpc::twoparty::VatId> rpc;
  proto::Wgprivd::Client helper;
};

/// The front and its engine; the front runs in the loop that the test waits in.
struct Setting {
  explicit Setting(FrontOptions options = {.caller = ::getuid()}) : engine(directory / "engine.sock") {
    options.engine_path = directory / "engine.sock";
    const auto listener = listen_at(path, SOCK_STREAM);
    auto receiver = io.lowLevelProvider->wrapListenSocketFd(kj::AutoCloseFd(::dup(listener.get())));
    running = run_front(io, kj::mv(receiver), options).eagerlyEvaluate(nullptr);
  }

  std::vector<proto::Outcome> add(Client& client, const std::vector<Bytes>& keys, const Bytes& address = {10, 0, 1, 2},
                                  const Bytes& preshared = {}) {
    auto request = client.helper.addPeersRequest();
    auto peers = request.initPeers(static_cast<unsigned>(keys.size()));
    for (unsigned i = 0; i < keys.size(); ++i) {
      peers[i].setKey(data(keys[i]));
      peers[i].setIpv4(data(address));
      peers[i].setPresharedKey(data(preshared));
    }
    const auto response = request.send().wait(io.waitScope);
    std::vector<proto::Outcome> outcomes;
    for (const auto outcome : response.getOutcomes()) outcomes.push_back(outcome);
    return outcomes;
  }

  TemporaryDirectory directory;
  std::string path = directory / "front.sock";
  FakeEngine engine;
  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::Promise<void> running = nullptr;
};

}  // namespace

TEST_CASE("FrontPassesACallToTheEngine") {
  Setting setting;
  Client client(setting.io, setting.path);
  CHECK(setting.add(client, {key(1), key(2)}) == std::vector(2, proto::Outcome::DONE));
  CHECK(setting.engine.peer_count() == 2);
  auto hello = client.helper.helloRequest();
  hello.setProtocolVersion(proto::PROTOCOL_VERSION);
  const auto response = hello.send().wait(setting.io.waitScope);
  CHECK(response.getOutcome() == proto::Outcome::DONE);
  CHECK(response.getBackend() == proto::Backend::USERSPACE);
  CHECK(response.getHubPublicKey().size() == 32);
  CHECK(response.getPolicy().getNetwork().size() == 0);
}

TEST_CASE("FrontRefusesAnotherUsersConnection") {
  Setting setting({.caller = ::getuid() + 1});
  Client client(setting.io, setting.path);
  CHECK_THROWS_AS(setting.add(client, {key(1)}), kj::Exception);
  CHECK(setting.engine.received().empty());
}

TEST_CASE("FrontRefusesWhatIsNotOfTheRightLength") {
  Setting setting;
  Client client(setting.io, setting.path);
  const std::vector malformed = {proto::Outcome::MALFORMED};
  CHECK(setting.add(client, {Bytes(31, 1)}) == malformed);
  CHECK(setting.add(client, {Bytes(33, 1)}) == malformed);
  CHECK(setting.add(client, {Bytes()}) == malformed);
  CHECK(setting.add(client, {}) == malformed);
  CHECK(setting.add(client, {key(1), Bytes(5, 1)}) == malformed);
  CHECK(setting.add(client, {key(1)}, Bytes(3, 1)) == malformed);
  CHECK(setting.add(client, {key(1)}, Bytes(16, 1)) == malformed);
  CHECK(setting.add(client, {key(1)}, {10, 0, 1, 2}, Bytes(31, 1)) == malformed);
  CHECK(setting.add(client, std::vector(257, key(1))) == malformed);
  auto configure = client.helper.configureRequest();
  configure.initPolicy().setNetwork(data(Bytes(5, 10)));
  CHECK(configure.send().wait(setting.io.waitScope).getOutcome() == proto::Outcome::MALFORMED);
  auto hello = client.helper.helloRequest();
  hello.setProtocolVersion(proto::PROTOCOL_VERSION + 1);
  CHECK(hello.send().wait(setting.io.waitScope).getOutcome() == proto::Outcome::MALFORMED);
  CHECK(setting.engine.received().empty());
}

TEST_CASE("FrontPassesAPresharedKeyOnlyAsAFlag") {
  Setting setting;
  Client client(setting.io, setting.path);
  const std::vector refused = {proto::Outcome::PRESHARED_KEY};
  CHECK(setting.add(client, {key(1)}, {10, 0, 1, 2}, Bytes(32, 7)) == refused);
}

TEST_CASE("FrontTakes256ItemsInACall") {
  Setting setting;
  Client client(setting.io, setting.path);
  std::vector<Bytes> keys;
  for (unsigned i = 0; i < 256; ++i) keys.push_back(key(i));
  CHECK(setting.add(client, keys) == std::vector(256, proto::Outcome::DONE));
}

TEST_CASE("FrontRefusesTooManyConnectionsAndServesAgainAfterwards") {
  Setting setting;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(setting.io, setting.path));
    CHECK(setting.add(*clients.back(), {key(1)}).size() == 1);
  }
  Client ninth(setting.io, setting.path);
  CHECK_THROWS_AS(setting.add(ninth, {key(1)}), kj::Exception);
  clients.pop_back();
  setting.io.provider->getTimer().afterDelay(20 * kj::MILLISECONDS).wait(setting.io.waitScope);
  Client tenth(setting.io, setting.path);
  CHECK(setting.add(tenth, {key(1)}).size() == 1);
}

TEST_CASE("FrontRefusesTheSixtyFifthOpenCall") {
  Setting setting;
  Client client(setting.io, setting.path);
  CHECK(setting.add(client, {key(1)}).size() == 1);
  kj::Vector<kj::Promise<std::uint64_t>> watches;
  for (int i = 0; i < 64; ++i) {
    auto request = client.helper.watchRequest();
    request.setLinkGeneration(1);
    watches.add(request.send().then([](auto&& response) { return response.getLinkGeneration(); }));
  }
  CHECK_THROWS_AS(setting.add(client, {key(2)}), kj::Exception);
  setting.engine.change_link();
  for (auto& watch : watches) CHECK(watch.wait(setting.io.waitScope) == 2);
  CHECK(setting.add(client, {key(2)}).size() == 1);
}

TEST_CASE("FrontForgetsTheOpenCallsOfACallerWhoIsGone") {
  Setting setting;
  {
    Client gone(setting.io, setting.path);
    CHECK(setting.add(gone, {key(1)}).size() == 1);
    kj::Vector<kj::Promise<void>> watches;
    for (int i = 0; i < 64; ++i) {
      auto request = gone.helper.watchRequest();
      request.setLinkGeneration(1);
      watches.add(request.send().then([](auto&&) {}).eagerlyEvaluate([](kj::Exception&&) {}));
    }
    CHECK_THROWS_AS(setting.add(gone, {key(2)}), kj::Exception);
  }
  setting.io.provider->getTimer().afterDelay(20 * kj::MILLISECONDS).wait(setting.io.waitScope);
  Client next(setting.io, setting.path);
  CHECK(setting.add(next, {key(2)}).size() == 1);
}

TEST_CASE("FrontSendsTheRecordAgainToARestartedEngine") {
  Setting setting;
  Client client(setting.io, setting.path);
  setting.engine.drops = 1;
  const std::vector done = {proto::Outcome::DONE};
  CHECK(setting.add(client, {key(1)}) == done);
  setting.engine.drops = 2;
  CHECK_THROWS_AS(setting.add(client, {key(2)}), kj::Exception);
  CHECK(setting.add(client, {key(3)}) == done);
}

TEST_CASE("FrontEndsALongCallWithTheRestDeferred") {
  Setting setting;
  Client client(setting.io, setting.path);
  setting.engine.delay_ms = 100;
  std::vector<Bytes> keys;
  for (unsigned i = 0; i < 32; ++i) keys.push_back(key(i));
  const auto outcomes = setting.add(client, keys);
  CHECK(outcomes.front() == proto::Outcome::DONE);
  CHECK(outcomes.back() == proto::Outcome::DEFERRED);
  const auto done = std::count(outcomes.begin(), outcomes.end(), proto::Outcome::DONE);
  CHECK((done >= 5 && done <= 15));
}

TEST_CASE("FrontLetsAnAddPassQueuedRemovals") {
  Setting setting;
  Client client(setting.io, setting.path);
  setting.engine.delay_ms = 10;
  auto removal = client.helper.removePeersRequest();
  auto keys = removal.initKeys(40);
  for (unsigned i = 0; i < 40; ++i) keys.set(i, data(key(i)));
  auto removing = removal.send().then([](auto&&) {}).eagerlyEvaluate(nullptr);
  setting.io.provider->getTimer().afterDelay(100 * kj::MILLISECONDS).wait(setting.io.waitScope);
  const auto before = setting.engine.received().size();
  setting.add(client, {key(200)});
  const auto received = setting.engine.received();
  const auto add = std::find(received.begin(), received.end(), EngineOperation::add_peer);
  CHECK(add - received.begin() - static_cast<std::ptrdiff_t>(before) <= 2);
  removing.wait(setting.io.waitScope);
}

TEST_CASE("FrontEndsWhenIdle") {
  Setting setting({.caller = ::getuid(), .idle = 100 * kj::MILLISECONDS});
  setting.running.wait(setting.io.waitScope);
  SUCCEED();
}

TEST_CASE("FrontClosesAConnectionThatSendsGarbageAndGoesOnServing") {
  Setting setting;
  auto& scope = setting.io.waitScope;
  for (const unsigned char byte : {0x00, 0x7f, 0xff}) {
    auto address = setting.io.provider->getNetwork().parseAddress("unix:" + setting.path).wait(scope);
    auto stream = address->connect().wait(scope);
    const Bytes garbage(4096, byte);
    stream->write(garbage.data(), garbage.size()).catch_([](kj::Exception&&) {}).wait(scope);
    stream->shutdownWrite();
    stream->readAllBytes().then([](auto&&) {}, [](kj::Exception&&) {}).wait(scope);
  }
  Client client(setting.io, setting.path);
  CHECK(setting.add(client, {key(1)}).size() == 1);
}

TEST_CASE("FrontGivesUpOnlyTheRecordInWhoseTurnTheEngineEndsTwice") {
  Setting setting;
  Client client(setting.io, setting.path);
  CHECK(setting.add(client, {key(1)}).size() == 1);
  const auto send = [&client](unsigned first, unsigned count) {
    auto request = client.helper.addPeersRequest();
    auto peers = request.initPeers(count);
    for (unsigned i = 0; i < count; ++i) {
      peers[i].setKey(data(key(first + i)));
      peers[i].setIpv4(data({10, 0, 1, 2}));
    }
    return request.send().then([](auto&& answer) {
      std::vector<proto::Outcome> outcomes;
      for (const auto outcome : answer.getOutcomes()) outcomes.push_back(outcome);
      return outcomes;
    });
  };
  setting.engine.drops = 2;
  auto unlucky = send(10, 1);
  auto others = send(20, 20);
  CHECK_THROWS_AS(unlucky.wait(setting.io.waitScope), kj::Exception);
  CHECK(others.wait(setting.io.waitScope) == std::vector(20, proto::Outcome::DONE));
  CHECK(setting.engine.peer_count() == 21);
}

TEST_CASE("FrontHasOneRemovalAndAFewAddsUnderWay") {
  Setting setting;
  Client client(setting.io, setting.path);
  CHECK(setting.add(client, {key(1)}).size() == 1);
  setting.engine.silent = true;
  std::vector<Bytes> keys;
  for (unsigned i = 0; i < 40; ++i) keys.push_back(key(i));
  auto removal = client.helper.removePeersRequest();
  auto removed = removal.initKeys(40);
  for (unsigned i = 0; i < 40; ++i) removed.set(i, data(std::as_const(keys[i])));
  auto removing = removal.send().then([](auto&&) {}).eagerlyEvaluate(nullptr);
  setting.add(client, keys);  // ends after 1.5 s with all deferred
  setting.engine.silent = false;
  removing.wait(setting.io.waitScope);
  setting.add(client, {key(200)});
  const auto received = setting.engine.received();
  // What was sent, and no more of either call, as both have ended.
  CHECK(std::ranges::count(received, EngineOperation::remove_peer) == 1);
  CHECK(std::ranges::count(received, EngineOperation::add_peer) == 1 + 8 + 1);
}
