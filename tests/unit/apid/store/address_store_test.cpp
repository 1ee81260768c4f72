#include "apid/store/address_store.h"

#include <chrono>
#include <random>
#include <set>

#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

void initialize(Scratch& scratch, const char* network) {
  scratch.write([&](Transaction& t) {
    AddressStore().initialize(t, parse_network(network).value());
    return Done{};
  });
}

std::vector<Address> take_all(Scratch& scratch, const char* network) {
  initialize(scratch, network);
  return scratch.write([&](Transaction& t) {
    std::vector<Address> taken;
    while (const auto address = AddressStore().take_lowest(t)) taken.push_back(*address);
    return taken;
  });
}

std::int64_t microseconds_of(Scratch& scratch, const std::function<void(Transaction&)>& work) {
  return scratch.write([&](Transaction& t) {
    const auto start = std::chrono::steady_clock::now();
    work(t);
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
  });
}

}  // namespace

TEST_CASE("GivesEveryAddressOfANetworkInOrder") {
  Scratch scratch;
  const auto small = take_all(scratch, "10.0.1.0/29");
  REQUIRE(small.size() == 5);
  CHECK(to_string(small.front()) == "10.0.1.2");
  CHECK(to_string(small.back()) == "10.0.1.6");
  CHECK(to_string(take_all(scratch, "10.0.1.252/30").at(0)) == "10.0.1.254");
  CHECK(take_all(scratch, "10.0.1.252/31").empty());
  const auto sixth = take_all(scratch, "fd00::/125");
  REQUIRE(sixth.size() == 6);
  CHECK(to_string(sixth.front()) == "fd00::2");
  CHECK(to_string(sixth.back()) == "fd00::7");
  const auto carrying = take_all(scratch, "10.0.254.0/23");
  REQUIRE(carrying.size() == 509);
  CHECK(to_string(carrying[253]) == "10.0.254.255");
  CHECK(to_string(carrying[254]) == "10.0.255.0");
}

TEST_CASE("RefusesToFreeAFreeAddress") {
  Scratch scratch;
  initialize(scratch, "10.0.1.0/24");
  const auto released = scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
    AddressStore().release(t, *parse_address("10.0.1.9"));
    return Done{};
  });
  REQUIRE_FALSE(released);
  CHECK(released.error().code == ErrorCode::internal);
}

TEST_CASE("HoldsWhatASetOfFreeAddressesWouldHold") {
  Scratch scratch;
  const Network network = parse_network("10.0.1.0/25").value();
  initialize(scratch, "10.0.1.0/25");
  std::mt19937 random(20260101);
  std::set<Address> free;
  for (std::uint32_t i = 0; i < 128; ++i)
    if (const auto address = from_number(0x0a000100U + i); is_spoke_address(network, address)) free.insert(address);
  int mismatches = 0;
  scratch.write([&](Transaction& t) {
    const AddressStore store;
    for (int step = 0; step < 20'000; ++step) {
      const auto address = from_number(0x0a000100U + random() % 128);
      const auto kind = random() % 8;
      if (kind < 2) {
        const auto lowest = store.take_lowest(t);
        mismatches += lowest != (free.empty() ? std::optional<Address>() : *free.begin());
        if (lowest) free.erase(*lowest);
      } else if (kind < 5) {
        mismatches += store.take(t, address) != (free.erase(address) == 1);
      } else if (is_spoke_address(network, address) && free.insert(address).second) {
        store.release(t, address);
      }
    }
    for (const auto& address : free) mismatches += !store.take(t, address);
    mismatches += store.take_lowest(t).has_value();
    return Done{};
  });
  CHECK(mismatches == 0);
}

TEST_CASE("MergesNeighboursSoThatAnEmptyPoolIsOneRange") {
  Scratch scratch;
  auto taken = take_all(scratch, "10.0.1.0/24");
  std::shuffle(taken.begin(), taken.end(), std::mt19937(7));
  scratch.write([&](Transaction& t) {
    for (const auto& address : taken) AddressStore().release(t, address);
    return Done{};
  });
  CHECK(scratch.ask("SELECT COUNT(*) FROM address_ranges") == "1");
  CHECK(scratch.ask("SELECT first_address FROM address_ranges") == "40a000102");
  CHECK(scratch.ask("SELECT last_address FROM address_ranges") == "40a0001fe");
}

TEST_CASE("IsAsFastInAFullAndTornNetworkAsInAnEmptyOne") {
  Scratch scratch;
  const AddressStore store;
  initialize(scratch, "10.0.0.0/16");
  const auto some_thousand = [&](Transaction& t) {
    for (std::uint32_t i = 0; i < 2'000; ++i) {
      const auto address = store.take_lowest(t);
      if (!address) throw std::runtime_error("no address");
      store.release(t, *address);
    }
  };
  const auto empty = microseconds_of(scratch, some_thousand);
  scratch.write([&](Transaction& t) {
    for (std::uint32_t i = 0x0003; i < 0xffff; i += 2) store.take(t, from_number(0x0a000000U + i));
    return Done{};
  });
  REQUIRE(scratch.ask("SELECT COUNT(*) FROM address_ranges") == "32767");
  const auto torn = microseconds_of(scratch, some_thousand);
  INFO(empty << " us empty, " << torn << " us torn");
  CHECK(torn < 4 * empty);
}

TEST_CASE("CountsWhatIsFree") {
  Scratch scratch;
  const auto free = [&] { return scratch.read([](Transaction& t) { return AddressStore().count_free(t); }); };
  CHECK(free() == 0);
  initialize(scratch, "10.0.0.0/16");
  CHECK(free() == 65'533);
  scratch.write([](Transaction& t) {
    for (const char* text : {"10.0.0.5", "10.0.1.255", "10.0.2.0"}) AddressStore().take(t, *parse_address(text));
    return Done{};
  });
  CHECK(free() == 65'530);
}
