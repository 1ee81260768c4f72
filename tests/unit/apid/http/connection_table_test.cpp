#include "apid/http/connection_table.h"

#include <memory>
#include <vector>

#include "tests/catch.hpp"

using namespace wghub;
using namespace wghub::http;

namespace {

struct Fake final : Connection {
  explicit Fake(ConnectionTable& owner) : table(owner) {}
  void abort() override {
    aborted = true;
    table.remove(*this);
  }
  void drain() override { drained = true; }
  ConnectionTable& table;
  bool aborted = false;
  bool drained = false;
};

}  // namespace

TEST_CASE("CountsConnectionsByAddress") {
  ConnectionTable table(2);
  Fake first(table);
  Fake second(table);
  Fake local(table);
  const auto address = *parse_address("192.0.2.1");
  table.add(first, address);
  CHECK(table.has_room(address));
  table.add(second, address);
  CHECK_FALSE(table.has_room(address));
  CHECK(table.has_room(*parse_address("192.0.2.2")));
  table.add(local, Address{});
  CHECK(table.has_room(Address{}));
  table.remove(first);
  table.remove(first);
  CHECK(table.has_room(address));
  CHECK(table.size() == 2);
}

TEST_CASE("EndsWhatHasWaitedLongest") {
  ConnectionTable table(10);
  std::vector<std::unique_ptr<Fake>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<Fake>(table));
    table.add(*all.back(), Address{});
    table.waits(*all.back());
  }
  table.busy(*all[0]);
  table.waits(*all[1]);  // began to wait anew
  CHECK(table.abort_longest_waiting());
  CHECK(all[2]->aborted);
  CHECK(table.abort_longest_waiting());
  CHECK(all[3]->aborted);
  CHECK(table.abort_longest_waiting());
  CHECK(all[1]->aborted);
  CHECK_FALSE(table.abort_longest_waiting());
  table.drain_all();
  CHECK(all[0]->drained);
  table.abort_all();
  CHECK(table.size() == 0);
}
