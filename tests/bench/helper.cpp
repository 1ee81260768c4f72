// Asks the helper as its own callers do: engine.sock as the front (records), wgprivd.sock as apid (Cap'n Proto). Prints
// seconds, the median where a number of rounds is given. Leaves starting the daemons to whoever runs it.
//   bench_helper engine:SOCKET set-up 0          key, network 10.96.0.0/16, interface
//   bench_helper engine:SOCKET add FIRST COUNT
//   bench_helper engine:SOCKET remove FIRST COUNT
//   bench_helper engine:SOCKET status ROUNDS     every page
//   bench_helper rpc:SOCKET hello ROUNDS
//   bench_helper rpc:SOCKET status ROUNDS
//   bench_helper rpc:SOCKET add FIRST COUNT      in calls of 256, as the reconciler fills an interface
//   bench_helper rpc:SOCKET behind FIRST COUNT   an add sent behind one call that removes COUNT from FIRST on
#include <fmt/format.h>

#include <numeric>
#include <span>

#include "common/engine_record.h"
#include "tests/attack/raw_socket.h"
#include "tests/attack/rpc_connection.h"
#include "tests/bench/measure.h"

namespace {

using namespace wghub;
using bench::seconds_of;

class Engine {
 public:
  explicit Engine(const std::string& path) : socket_(attack::connect_to(path, SOCK_SEQPACKET)) {}

  void set_up() {
    ask({.operation = EngineOperation::generate_key});
    EngineRequest request{.operation = EngineOperation::configure};
    request.policy = {.network = {10, 96}, .family = 4, .prefix = 16, .port = 51820, .mtu = 1420};
    must(ask(request));
  }

  void add(std::uint32_t number) {
    EngineRequest request{.operation = EngineOperation::add_peer};
    request.key = bench::key_of(number).bytes;
    request.addresses.ipv4 = bench::address_of(number);
    must(ask(request));
  }

  void remove(std::uint32_t number) {
    EngineRequest request{.operation = EngineOperation::remove_peer};
    request.key = bench::key_of(number).bytes;
    must(ask(request));
  }

  void read_status() {
    EngineRequest request{.operation = EngineOperation::status};
    do {
      const auto reply = must(ask(request));
      request.snapshot = reply.snapshot;
      request.cursor = reply.next_cursor;
      if ((reply.flags & EngineReply::kLastPage) != 0) return;
    } while (true);
  }

 private:
  static EngineReply must(const EngineReply& reply) {
    if (reply.outcome == EngineOutcome::done || reply.outcome == EngineOutcome::unchanged) return reply;
    throw std::runtime_error(fmt::format("the engine says: {}", name_of(reply.outcome)));
  }

  EngineReply ask(EngineRequest request) {
    request.id = ++last_id_;
    attack::write_record(socket_.get(), &request, sizeof request);
    do {
      if (attack::read_record(socket_.get(), &page_, sizeof page_) == 0) throw std::runtime_error("closed");
    } while (page_.reply.id != request.id);
    return page_.reply;
  }

  Descriptor socket_;
  std::uint64_t last_id_ = 0;
  EngineStatusPage page_{};
};

class Front {
 public:
  explicit Front(const std::string& path) : calls_(io_, path, heard_), others_(io_, path, heard_) { hello(); }

  void hello() {
    auto request = calls_.helper.helloRequest();
    request.setProtocolVersion(proto::PROTOCOL_VERSION);
    request.send().wait(io_.waitScope);
    heard_.clear();
  }

  void read_status() {
    std::uint64_t snapshot = 0;
    std::uint32_t cursor = 0;
    bool last = false;
    while (!last) {
      auto request = calls_.helper.statusRequest();
      request.setSnapshot(snapshot);
      request.setCursor(cursor);
      const auto answer = request.send().wait(io_.waitScope);
      if (answer.getOutcome() != proto::Outcome::DONE) throw std::runtime_error("no status");
      snapshot = answer.getSnapshot();
      cursor = answer.getNextCursor();
      last = answer.getLastPage();
      heard_.clear();
    }
  }

  void add_all(std::uint32_t first, std::uint32_t count) {
    std::vector<std::uint32_t> wanted(count);
    std::iota(wanted.begin(), wanted.end(), first);
    while (!wanted.empty()) {
      const auto size = std::min<std::size_t>(wanted.size(), kPeersPerPage);
      const auto deferred = add(calls_, std::span(wanted).first(size));
      wanted.erase(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(size));
      wanted.insert(wanted.begin(), deferred.begin(), deferred.end());
    }
  }

  // The time of the add, which comes in on another connection while the removals are under way.
  double add_behind(std::uint32_t first, std::uint32_t count) {
    auto removal = calls_.helper.removePeersRequest();
    auto keys = removal.initKeys(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto key = bench::key_of(first + i);
      keys.set(i, kj::arrayPtr(key.bytes.data(), key.bytes.size()));
    }
    auto removed = removal.send();
    io_.provider->getTimer().afterDelay(5 * kj::MILLISECONDS).wait(io_.waitScope);
    const double seconds = seconds_of([&] { must_add(first + count); });
    removed.wait(io_.waitScope);
    return seconds;
  }

 private:
  void must_add(std::uint32_t number) {
    if (!add(others_, {&number, 1}).empty()) throw std::runtime_error("not added");
  }

  // Returns those that have to be sent again.
  std::vector<std::uint32_t> add(attack::RpcConnection& connection, std::span<const std::uint32_t> numbers) {
    auto request = connection.helper.addPeersRequest();
    auto peers = request.initPeers(static_cast<unsigned>(numbers.size()));
    for (unsigned i = 0; i < numbers.size(); ++i) {
      const auto key = bench::key_of(numbers[i]);
      const auto address = bench::address_of(numbers[i]);
      peers[i].setKey(kj::arrayPtr(key.bytes.data(), key.bytes.size()));
      peers[i].setIpv4(kj::arrayPtr(address.data(), address.size()));
    }
    const auto answer = request.send().wait(io_.waitScope);
    heard_.clear();
    std::vector<std::uint32_t> deferred;
    for (unsigned i = 0; i < numbers.size(); ++i) {
      const auto outcome = answer.getOutcomes()[i];
      if (outcome == proto::Outcome::DEFERRED) deferred.push_back(numbers[i]);
      if (outcome > proto::Outcome::DEFERRED) throw std::runtime_error("not added");
    }
    return deferred;
  }

  std::string heard_;
  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  attack::RpcConnection calls_;
  attack::RpcConnection others_;
};

double run_engine(const std::string& path, const bench::Arguments& arguments) {
  Engine engine(path);
  const std::uint32_t first = arguments.numbers[0];
  if (arguments.verb == "set-up") return seconds_of([&] { engine.set_up(); });
  if (arguments.verb == "status") return bench::median_seconds(static_cast<int>(first), [&] { engine.read_status(); });
  return seconds_of([&] {
    for (auto number = first; number < first + arguments.numbers.at(1); ++number)
      arguments.verb == "add" ? engine.add(number) : engine.remove(number);
  });
}

double run_front(const std::string& path, const bench::Arguments& arguments) {
  Front front(path);
  const int rounds = static_cast<int>(arguments.numbers[0]);
  if (arguments.verb == "behind") return front.add_behind(arguments.numbers[0], arguments.numbers.at(1));
  if (arguments.verb == "add") return seconds_of([&] { front.add_all(arguments.numbers[0], arguments.numbers.at(1)); });
  if (arguments.verb == "hello") return bench::median_seconds(rounds, [&] { front.hello(); });
  return bench::median_seconds(rounds, [&] { front.read_status(); });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Arguments arguments(argc, argv);
  const auto colon = arguments.target.find(':');
  const auto path = arguments.target.substr(colon + 1);
  const bool engine = arguments.target.substr(0, colon) == "engine";
  fmt::print("{:.6f}\n", engine ? run_engine(path, arguments) : run_front(path, arguments));
}
