// Addresses of peers that are in the journal and not, or otherwise, on the interface.
#include "wgprivd/engine/engine.h"

#include "tests/catch.hpp"
#include "tests/unit/wgprivd/engine/engine_setting.h"

using namespace wghub;
using namespace wghub::test;

namespace {

const EnginePolicy kPolicy{.network = {10, 77}, .family = 4, .prefix = 16, .port = 51820, .mtu = 1420};

PublicKey key_of(std::uint8_t number) { return {{number, 7}}; }
Network host_of(std::uint8_t number) { return {from_number(0x0a4d0000U + number), 32}; }

/// A hub with the peers 2, 3 and 4 at the addresses of these numbers, whose wg0 somebody then deleted.
struct Bereft : EngineSetting {
  Bereft() {
    REQUIRE(send({.operation = EngineOperation::generate_key}).reply.outcome == EngineOutcome::done);
    REQUIRE(configure() == EngineOutcome::done);
    for (const std::uint8_t number : {2, 3, 4}) REQUIRE(add(number, number) == EngineOutcome::done);
    machine.replace_link(std::nullopt);
    REQUIRE(add(9, 2) == EngineOutcome::interface_missing);
    REQUIRE(configure() == EngineOutcome::done);
  }

  EngineOutcome configure() { return send({.operation = EngineOperation::configure, .policy = kPolicy}).reply.outcome; }
  EngineOutcome add(std::uint8_t number, std::uint8_t address) {
    EngineRequest request{.operation = EngineOperation::add_peer, .key = key_of(number).bytes};
    take_host(request.addresses, host_of(address).address);
    return send(request).reply.outcome;
  }
  bool has_noted(std::uint8_t number) const { return journal.content().contains(key_of(number)); }
};

}  // namespace

TEST_CASE("EngineForgetsAnAbsentPeerWhoseAddressAnotherGets") {
  Bereft hub;
  CHECK(hub.add(9, 2) == EngineOutcome::done);
  CHECK(hub.has_noted(9));
  CHECK_FALSE(hub.has_noted(2));
  CHECK(hub.add(2, 2) == EngineOutcome::address_held);
  CHECK(hub.journal.content().size() == 3);
  // What is restored then has no address twice.
  hub.machine.replace_link(std::nullopt);
  REQUIRE(hub.add(9, 2) == EngineOutcome::interface_missing);
  REQUIRE(hub.engine.restore());
  CHECK(hub.machine.link->peers.size() == 3);
  CHECK(hub.machine.moved == 0);
}

TEST_CASE("EngineLeavesAPresentPeerItsAddressAlsoWhenSomebodyGaveItAnother") {
  Bereft hub;
  hub.machine.link->give(key_of(3), host_of(100));
  REQUIRE(hub.send({.operation = EngineOperation::status}).reply.total == 1);
  CHECK(hub.add(9, 3) == EngineOutcome::address_held);
  CHECK(hub.add(9, 100) == EngineOutcome::address_held);
  CHECK(hub.has_noted(3));
  CHECK(hub.add(3, 3) == EngineOutcome::done);
  CHECK(hub.add(9, 100) == EngineOutcome::done);
  CHECK(hub.journal.content().size() == 4);
}
