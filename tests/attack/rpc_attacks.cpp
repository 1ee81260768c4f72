#include <capnp/serialize.h>
#include <kj/debug.h>

#include <random>
#include <thread>

#include "tests/attack/rpc_connection.h"
#include "tests/attack/target.h"

namespace wghub::attack {
namespace {

constexpr int kConnections = 100;
constexpr int kGarbageRounds = 50;

using Bytes = std::vector<std::uint8_t>;

capnp::Data::Reader data(const Bytes& bytes) { return kj::arrayPtr(bytes.data(), bytes.size()); }

/// Calls that Cap'n Proto can carry and the records cannot.
class Calls {
 public:
  Calls(const std::string& path, Report& report) : path_(path), report_(report) {}
  ~Calls() noexcept { report_.saw(record_); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  void attack_lengths();
  void attack_lists();
  void attack_versions();
  void attack_methods();

 private:
  // Judges by the first outcome; an exception is a refusal as well.
  template <class Fill>
  void add(const std::string& name, unsigned count, Fill fill) {
    RpcConnection connection(io_, path_, record_);
    auto request = connection.helper.addPeersRequest();
    auto peers = request.initPeers(count);
    for (unsigned i = 0; i < count; ++i) fill(peers[i]);
    judge(name, wait_for(io_, [&] { return request.send().then([](auto&& all) { return all.getOutcomes()[0]; }); }));
  }

  template <class Outcome>
  void judge(const std::string& name, const std::optional<Outcome>& outcome) {
    if (!outcome) return report_.judge(name, std::nullopt);
    EngineStatusPage page{};
    page.reply.outcome = static_cast<EngineOutcome>(*outcome);
    report_.judge(name, page);
  }

  std::string path_;
  Report& report_;
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  std::string record_;
};

void Calls::attack_lengths() {
  const Bytes key(32, 9);
  const Bytes address = {10, 0, 0, 9};
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U, 100'000U})
    add("a key of " + std::to_string(size) + " bytes", 1, [&](proto::PeerItem::Builder item) {
      item.setKey(data(Bytes(size, 9)));
      item.setIpv4(data(address));
    });
  for (const std::size_t size : {1U, 3U, 5U, 16U})
    add("an IPv4 address of " + std::to_string(size) + " bytes", 1, [&](proto::PeerItem::Builder item) {
      item.setKey(data(key));
      item.setIpv4(data(Bytes(size, 10)));
    });
  for (const std::size_t size : {4U, 15U, 17U})
    add("an IPv6 address of " + std::to_string(size) + " bytes", 1, [&](proto::PeerItem::Builder item) {
      item.setKey(data(key));
      item.setIpv6(data(Bytes(size, 0xfd)));
    });
  for (const std::size_t size : {1U, 31U, 33U})
    add("a replaced key of " + std::to_string(size) + " bytes", 1, [&](proto::PeerItem::Builder item) {
      item.setKey(data(key));
      item.setIpv4(data(address));
      item.setReplaces(data(Bytes(size, 9)));
    });
  for (const std::size_t size : {0U, 3U, 5U, 8U, 17U}) {
    RpcConnection connection(io_, path_, record_);
    auto request = connection.helper.configureRequest();
    request.initPolicy().setNetwork(data(Bytes(size, 10)));
    judge("a network of " + std::to_string(size) + " bytes",
          wait_for(io_, [&] { return request.send().then([](auto&& answer) { return answer.getOutcome(); }); }));
  }
}

void Calls::attack_lists() {
  for (const unsigned count : {257U, 1'000U, 20'000U, 200'000U}) {
    add(std::to_string(count) + " peers in a call", count, [](proto::PeerItem::Builder) {});
    RpcConnection connection(io_, path_, record_);
    auto request = connection.helper.removePeersRequest();
    request.initKeys(count);
    judge(std::to_string(count) + " removals in a call",
          wait_for(io_, [&] { return request.send().then([](auto&& all) { return all.getOutcomes()[0]; }); }));
  }
}

void Calls::attack_versions() {
  for (const std::uint32_t version : {0U, 2U, 0xffffffffU}) {
    RpcConnection connection(io_, path_, record_);
    auto request = connection.helper.helloRequest();
    request.setProtocolVersion(version);
    judge("protocol version " + std::to_string(version),
          wait_for(io_, [&] { return request.send().then([](auto&& answer) { return answer.getOutcome(); }); }));
  }
}

// A call of any method; from Cap'n Proto 1.0 on it takes hints too.
template <class Client>
auto request_of_any(Client& client, std::uint64_t interface_id, std::uint16_t method) {
  const capnp::MessageSize size{8, 0};
  if constexpr (requires { client.typelessRequest(interface_id, method, size); }) {
    return client.typelessRequest(interface_id, method, size);
  } else {
    return client.typelessRequest(interface_id, method, size, {});
  }
}

void Calls::attack_methods() {
  const auto call = [&](const std::string& name, std::uint64_t interface_id, std::uint16_t method) {
    RpcConnection connection(io_, path_, record_);
    auto request = request_of_any(connection.helper, interface_id, method);
    judge(name, wait_for(io_, [&] { return request.send().then([](auto&&) { return proto::Outcome::DONE; }); }));
  };
  for (const std::uint16_t method : {7, 8, 255, 65535})
    call("method " + std::to_string(method), capnp::typeId<proto::Wgprivd>(), method);
  call("an interface that it does not have", 0xdeadbeefdeadbeefULL, 0);
}

// Writes bytes to a connection of their own and waits until the front has closed it.
void write_bytes(const std::string& path, const std::string& bytes) {
  const auto socket = connect_to(path, SOCK_STREAM);
  write_record(socket.get(), bytes.data(), bytes.size());
  ::shutdown(socket.get(), SHUT_WR);
  std::string answer(4096, '\0');
  while (read_record(socket.get(), answer.data(), answer.size()) > 0) {
  }
}

// Right after a flood the front may still be closing its connections, so a few tries are fair.
bool answers_again(const std::string& path) {
  for (int i = 0; i < 20; ++i) {
    if (rpc_answers(path)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void attack_with_garbage(const std::string& path, Report& report) {
  std::mt19937_64 random(20240602);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same bytes every time
  for (int round = 0; round < kGarbageRounds; ++round) {
    std::string bytes(1 + random() % 20'000, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    write_bytes(path, bytes);
  }
  report.judge("stop it with random bytes", answers_again(path), "still answers");
  const std::vector<std::pair<std::string, std::string>> frames = {
      {"a message of 4 billion segments", std::string("\xff\xff\xff\xff\x00\x00\x00\x00", 8)},
      {"a message of 511 segments", std::string("\xfe\x01\x00\x00", 4) + std::string(2044, '\x7f')},
      {"a message of 32 GB", std::string("\x00\x00\x00\x00\xff\xff\xff\xff", 8)},
      {"a message cut off", std::string("\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00", 12)},
      {"an empty message", std::string(8, '\0')},
  };
  for (const auto& [name, bytes] : frames) {
    write_bytes(path, bytes);
    report.judge("stop it with " + name, answers_again(path), "still answers");
  }
}

void attack_with_many_connections(const std::string& path, Report& report) {
  {
    std::vector<Descriptor> sockets;
    try {
      for (int i = 0; i < kConnections; ++i) sockets.push_back(connect_to(path, SOCK_STREAM | SOCK_NONBLOCK));
    } catch (const std::runtime_error&) {  // the backlog is full: refused by the kernel already
    }
  }
  report.judge("keep others out by many connections", answers_again(path), "answers again at once");
}

}  // namespace

void attack_rpc_socket(const std::string& path, Report& report) {
  {
    Calls calls(path, report);
    calls.attack_lengths();
    calls.attack_lists();
    calls.attack_versions();
    calls.attack_methods();
  }
  attack_with_garbage(path, report);
  attack_with_many_connections(path, report);
}

}  // namespace wghub::attack
