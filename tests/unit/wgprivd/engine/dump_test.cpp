// What becomes of dumps that the kernel interrupts, cuts or loses (F16): from netlink's bytes to the engine's answers.
#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/engine_setting.h"

using namespace wghub;
using namespace wghub::test;

namespace {

constexpr std::uint32_t kMany = 10'000;

PublicKey key_of(std::uint32_t number) {
  PublicKey key;
  std::memcpy(key.bytes.data(), &number, sizeof number);
  key.bytes[31] = 1;
  return key;
}

Network host_of(std::uint32_t number) { return {from_number(0x0a4d0000 + number), 32}; }

EngineRequest add_request(std::uint32_t number, std::uint32_t address) {
  EngineRequest request{.operation = EngineOperation::add_peer, .key = key_of(number).bytes};
  take_host(request.addresses, host_of(address).address);
  return request;
}

/// An engine with wg0 up and so many peers on it, numbers and addresses from 2 on, which it knows of.
struct Busy : EngineSetting {
  explicit Busy(std::uint32_t count) {
    REQUIRE(send({.operation = EngineOperation::generate_key}).reply.outcome == EngineOutcome::done);
    EnginePolicy network{.network = {10, 77}, .family = 4, .prefix = 16, .port = 51820, .mtu = 1420};
    REQUIRE(send({.operation = EngineOperation::configure, .policy = network}).reply.outcome == EngineOutcome::done);
    for (std::uint32_t number = 2; number < count + 2; ++number)
      machine.link->peers.push_back({key_of(number), {host_of(number)}});
    REQUIRE(status().flags & EngineReply::kComplete);
    machine.dumps = 0;
  }

  EngineReply status() { return send({.operation = EngineOperation::status}).reply; }
  EngineOutcome outcome(const EngineRequest& request) { return send(request).reply.outcome; }
};

using Answer = std::deque<Datagram>;

void lose(Answer& answer, std::size_t place) { answer[place] = {{}, ENOBUFS}; }

void interrupt(Answer& answer, std::size_t place) {
  reinterpret_cast<nlmsghdr*>(answer[place].bytes.data())->nlmsg_flags |= NLM_F_DUMP_INTR;
}

// Longer than any buffer, so that it arrives cut.
void cut(Answer& answer, std::size_t place) { answer[place].bytes.resize(1 << 20); }

/// All ways in which a dump is not whole and the kernel says so.
const std::vector<void (*)(Answer&, std::size_t)> kWays = {lose, interrupt, cut};

}  // namespace

TEST_CASE("DumpOfManyPeersThatWasInterruptedIsTakenAgain", "[F16]") {
  Busy hub(kMany);
  for (const auto way : kWays) {
    for (const std::size_t place : {0U, 1U, 40U, 66U}) {
      hub.machine.dumps = 0;
      hub.machine.bend = [&](Answer& answer, int number) {
        if (number < 4) way(answer, place);
      };
      const auto reply = hub.status();
      CHECK(reply.outcome == EngineOutcome::done);
      CHECK((reply.flags & EngineReply::kComplete) != 0);
      CHECK(reply.total == kMany);
      CHECK(hub.machine.dumps == 4);
    }
  }
  WARN(kMany << " peers; a dump lost, interrupted or cut at 4 places, three times running: whole with the fourth");
}

TEST_CASE("DumpIsTakenFourTimesAtMostAndThenCalledIncomplete", "[F16]") {
  Busy hub(kMany);
  for (const auto way : kWays) {
    hub.machine.dumps = 0;
    hub.machine.bend = [&](Answer& answer, int) { way(answer, 40); };
    const auto reply = hub.status();
    CHECK(reply.outcome == EngineOutcome::done);
    CHECK((reply.flags & EngineReply::kComplete) == 0);
    CHECK(reply.total < kMany);
    CHECK(hub.machine.dumps == 4);
    CHECK(hub.machine.link->peers.size() == kMany);
  }
  hub.machine.bend = nullptr;
  CHECK((hub.status().flags & EngineReply::kComplete) != 0);
  WARN(kMany << " peers; every dump lost, interrupted or cut: called incomplete after 4, no peer touched");
}

TEST_CASE("DumpWithoutAnEndOrWithAnErrorIsIncomplete", "[F16]") {
  Busy hub(300);
  for (const bool has_end : {true, false}) {
    hub.machine.bend = [&](Answer& answer, int) {
      if (!has_end) return answer.pop_back();
      const int error = -ENOMEM;
      std::memcpy(answer.back().bytes.data() + NLMSG_HDRLEN, &error, sizeof error);
    };
    CHECK((hub.status().flags & EngineReply::kComplete) == 0);
    CHECK(hub.outcome(add_request(2, 2)) == EngineOutcome::unchanged);
  }
  WARN("300 peers; a dump without its end, and one that ends with an error: called incomplete");
}

TEST_CASE("PartialDumpGivesNoHeldAddressAwayAndForgetsNoPeer", "[F16]") {
  for (const auto way : kWays) {
    for (const std::size_t place : {0U, 1U}) {
      Busy hub(300);
      hub.machine.bend = [&](Answer& answer, int) { way(answer, place); };
      const auto reply = hub.status();
      CHECK(reply.outcome == EngineOutcome::done);
      CHECK((reply.flags & EngineReply::kComplete) == 0);
      CHECK((reply.flags & EngineReply::kInterfaceUp) != 0);
      // Peer 301 stands in the last message, which nobody has seen.
      CHECK(hub.outcome(add_request(999, 301)) == EngineOutcome::address_held);
      CHECK(hub.outcome(add_request(301, 301)) == EngineOutcome::unchanged);
      CHECK(hub.outcome({.operation = EngineOperation::remove_peer, .key = key_of(301).bytes}) == EngineOutcome::done);
      CHECK(hub.outcome(add_request(999, 301)) == EngineOutcome::done);
      CHECK(hub.machine.link->peers.size() == 300);
      CHECK(hub.machine.moved == 0);
    }
  }
  WARN("300 peers; 6 partial dumps: 0 held addresses given away, 0 peers forgotten or moved");
}

TEST_CASE("ConfigureTakesAnInterruptedDumpForNoForeignInterface", "[F16]") {
  for (const auto way : kWays) {
    Busy hub(300);
    hub.machine.bend = [&](Answer& answer, int) { way(answer, 0); };
    const auto outcome = hub.outcome({.operation = EngineOperation::configure, .policy = hub.policy.current()->policy});
    CHECK((outcome == EngineOutcome::done || outcome == EngineOutcome::failed));
    hub.machine.bend = nullptr;
    CHECK(hub.outcome({.operation = EngineOperation::configure, .policy = hub.policy.current()->policy}) ==
          EngineOutcome::done);
    CHECK(hub.machine.link->peers.size() == 300);
  }
}

TEST_CASE("ForeignInterfaceStaysForeignWhateverItsDumpSays", "[F16]") {
  for (const auto way : kWays) {
    Busy hub(3);
    FakeLink foreign{.key = key_of(77)};
    for (std::uint32_t number = 2; number < 300; ++number) foreign.peers.push_back({key_of(number), {host_of(number)}});
    hub.machine.bend = [&](Answer& answer, int) { way(answer, 1); };
    hub.machine.replace_link(foreign);
    CHECK(hub.outcome(add_request(2, 2)) == EngineOutcome::interface_missing);
    CHECK(hub.outcome({.operation = EngineOperation::configure, .policy = hub.policy.current()->policy}) ==
          EngineOutcome::interface_exists);
    hub.machine.bend = nullptr;
    CHECK(hub.outcome({.operation = EngineOperation::remove_peer, .key = key_of(2).bytes}) ==
          EngineOutcome::interface_missing);
    CHECK(hub.machine.link->peers.size() == 298);
  }
}
