#include "apid/store/spoke_store.h"

#include <set>

#include "apid/store/cluster_store.h"
#include "tests/catch.hpp"
#include "tests/unit/apid/store/scratch.h"

using namespace wghub;
using namespace wghub::store;

namespace {

struct Fixture {
  Scratch scratch;
  TokenStore tokens;
  SpokeStore spokes;
  ClusterStore clusters;

  Spoke add(int number) {
    return scratch.write([&](Transaction& t) {
      Token token = make_token(number, scratch.clock());
      token.holds_address = false;
      tokens.insert(t, token);
      Spoke spoke = make_spoke(token, number);
      spokes.insert(t, spoke);
      return spoke;
    });
  }
  std::optional<Spoke> find(const Spoke& spoke) {
    return scratch.read([&](Transaction& t) { return spokes.find(t, spoke.id); });
  }
  bool mark_removing(const Spoke& spoke) {
    return scratch.write([&](Transaction& t) { return spokes.mark_removing(t, spoke.id); });
  }
  bool mark_removed(const Spoke& spoke) {
    return scratch.write([&](Transaction& t) { return spokes.mark_removed(t, spoke.id); });
  }
  bool insert(const Spoke& spoke) {
    return static_cast<bool>(scratch.database().write<Done>([&](Transaction& t) -> Outcome<Done> {
      spokes.insert(t, spoke);
      return Done{};
    }));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "ReadsASpokeAsItWasWritten") {
  const Token token = make_token(1);
  Spoke spoke = make_spoke(token, 1);
  spoke.os = Platform::proxmox;
  spoke.is_proxmox = true;
  spoke.proxmox_cluster_id = make_id(77);
  spoke.proxmox_node_name = "pve1";
  spoke.proxmox_version = "8.1.3";
  spoke.metadata = R"({"kernelVersion":"6.1"})";
  spoke.transfer_rx = 5'000'000'000'000;
  scratch.write([&](Transaction& t) {
    tokens.insert(t, token);
    clusters.insert(t, make_id(77), "dc1");
    spokes.insert(t, spoke);
    return Done{};
  });
  const Spoke found = find(spoke).value();
  CHECK(found.token_id == token.id);
  CHECK(found.public_key == spoke.public_key);
  CHECK(found.address == spoke.address);
  CHECK(found.network == spoke.network);
  CHECK(found.os == Platform::proxmox);
  CHECK(found.is_proxmox);
  CHECK(found.proxmox_cluster_name == "dc1");
  CHECK(found.proxmox_node_name == "pve1");
  CHECK(found.proxmox_version == "8.1.3");
  CHECK(found.metadata == spoke.metadata);
  CHECK(found.transfer_rx == 5'000'000'000'000);
  CHECK_FALSE(found.last_handshake);
  CHECK_FALSE(found.removing_at);
}

TEST_CASE_METHOD(Fixture, "KeyAndAddressBelongToOneLiveSpoke") {
  const Spoke spoke = add(1);
  Spoke same_key = add(2);
  Spoke same_address = add(3);
  for (auto* other : {&same_key, &same_address})
    scratch.write([&](Transaction& t) {
      spokes.erase(t, other->id);
      return Done{};
    });
  same_key.public_key = spoke.public_key;
  same_address.address = spoke.address;
  CHECK_FALSE(insert(same_key));
  CHECK_FALSE(insert(same_address));
  CHECK(mark_removing(spoke));
  CHECK_FALSE(insert(same_key));
  CHECK(mark_removed(spoke));
  CHECK(insert(same_key));
  CHECK(insert(same_address));
}

TEST_CASE_METHOD(Fixture, "RemovesInTwoStepsEachOnce") {
  const Spoke spoke = add(1);
  const auto by_key = [&] {
    return scratch.read([&](Transaction& t) { return spokes.find_live_by_key(t, spoke.public_key).has_value(); });
  };
  CHECK_FALSE(mark_removed(spoke));
  CHECK(mark_removing(spoke));
  CHECK_FALSE(mark_removing(spoke));
  CHECK(by_key());
  CHECK(mark_removed(spoke));
  CHECK_FALSE(mark_removed(spoke));
  CHECK_FALSE(mark_removing(spoke));
  CHECK_FALSE(by_key());
  CHECK(find(spoke)->removed_at == scratch.clock());
}

TEST_CASE_METHOD(Fixture, "ReplacesAKeyAndRemembersTheOneBefore") {
  const Spoke spoke = add(1);
  Token second = make_token(2);
  second.holds_address = false;
  Spoke replaced = make_spoke(second, 20);
  replaced.id = spoke.id;
  replaced.registered_at = scratch.clock() + 5;
  replaced.os = Platform::macos;
  scratch.write([&](Transaction& t) {
    tokens.insert(t, second);
    spokes.save_live(t, {{spoke.id, {SpokeStatus::active, scratch.clock(), 1, 2}}});
    spokes.replace(t, replaced);
    return Done{};
  });
  const Spoke found = find(spoke).value();
  CHECK(found.public_key == make_key(20));
  CHECK(found.replaces_key == make_key(1));
  CHECK(found.token_id == second.id);
  CHECK(found.os == Platform::macos);
  CHECK(found.status == SpokeStatus::pending);
  CHECK(found.address == spoke.address);
  const auto confirm = [&](int key) {
    scratch.write([&](Transaction& t) {
      spokes.confirm_replaced(t, spoke.id, make_key(key));
      return Done{};
    });
    return !find(spoke)->replaces_key;
  };
  CHECK_FALSE(confirm(20));
  CHECK(confirm(1));
}

TEST_CASE_METHOD(Fixture, "ListsAndCountsWhatIsNotBeingRemoved") {
  std::vector<Spoke> spoke;
  for (int i = 1; i <= 5; ++i) spoke.push_back(add(i));
  scratch.write([&](Transaction& t) {
    spokes.save_live(t, {{spoke[0].id, {SpokeStatus::active, 1'700'000'001, 5'000'000'000, 6'000'000'000}},
                         {spoke[1].id, {SpokeStatus::inactive, 1'600'000'000, 0, 0}}});
    return Done{};
  });
  mark_removing(spoke[2]);
  mark_removing(spoke[3]);
  mark_removed(spoke[3]);
  const auto counts = scratch.read([&](Transaction& t) { return spokes.counts(t); });
  CHECK(counts.active == 1);
  CHECK(counts.inactive == 1);
  CHECK(counts.pending == 1);
  const auto list = [&](const SpokeFilter& filter) {
    return scratch.read([&](Transaction& t) { return spokes.list(t, filter, {}); }).items;
  };
  CHECK(list({}).size() == 3);
  REQUIRE(list({SpokeStatus::active, {}}).size() == 1);
  CHECK(list({SpokeStatus::active, {}})[0].transfer_tx == 6'000'000'000);
  CHECK(list({{}, Platform::linux}).size() == 3);
  CHECK(list({SpokeStatus::active, Platform::windows}).empty());
  const auto peers = scratch.read([&](Transaction& t) { return spokes.peers(t); });
  CHECK(peers.size() == 4);
  for (const auto& peer : peers) CHECK(peer.removing == (peer.spoke_id == spoke[2].id));
}

TEST_CASE_METHOD(Fixture, "ReadsThePeersNewestFirstWithWhatIsStoredOfThem") {
  for (int i = 1; i <= 5; ++i) {
    scratch.set_clock(1'700'000'000 + i / 2);  // some in one second
    add(i);
  }
  const Spoke removed = add(6);
  mark_removing(removed);
  mark_removed(removed);
  const Spoke active = add(7);
  scratch.write([&](Transaction& t) {
    spokes.save_live(t, {{active.id, {SpokeStatus::active, 1'700'000'001, 5, 6}}});
    return Done{};
  });
  const auto peers = scratch.read([&](Transaction& t) { return spokes.peers(t); });
  const auto listed = scratch.read([&](Transaction& t) { return spokes.list(t, {}, {}); }).items;
  REQUIRE(peers.size() == 6);
  REQUIRE(listed.size() == 6);
  for (std::size_t i = 0; i < peers.size(); ++i) {
    CHECK(peers[i].spoke_id == listed[i].id);
    CHECK(peers[i].stored.status == listed[i].status);
    CHECK(peers[i].stored.last_handshake == listed[i].last_handshake);
  }
  const auto found =
      std::find_if(peers.begin(), peers.end(), [&](const auto& peer) { return peer.key == active.public_key; });
  REQUIRE(found != peers.end());
  CHECK(found->stored.transfer_rx == 5);
  CHECK(found->stored.transfer_tx == 6);
}

TEST_CASE_METHOD(Fixture, "PagesOfSpokesAreWholeWhileSomeAreAdded") {
  std::set<std::string> expected;
  for (int i = 1; i <= 50; ++i) {
    scratch.set_clock(1'700'000'000 + i / 9);
    expected.insert(add(i).id);
  }
  std::vector<std::string> seen;
  PageRequest request{8, std::nullopt};
  int number = 100;
  do {
    const auto page = scratch.read([&](Transaction& t) { return spokes.list(t, {}, request); });
    for (const auto& spoke : page.items) seen.push_back(spoke.id);
    request.after = page.next;
    scratch.set_clock(scratch.clock() + 1);
    add(++number);
  } while (request.after);
  CHECK(std::set(seen.begin(), seen.end()) == expected);
  CHECK(seen.size() == expected.size());
}

TEST_CASE_METHOD(Fixture, "TheSameKeyRegisteredAnewIsAsConnectedAsBefore") {
  Spoke spoke = add(1);
  const auto save = [&](SpokeStatus status) {
    scratch.write([&](Transaction& t) {
      spokes.save_live(t, {{spoke.id, {status, 1'700'000'000, 5, 6}}});
      return Done{};
    });
  };
  const auto replace = [&] {
    scratch.write([&](Transaction& t) {
      spokes.replace(t, spoke);
      return Done{};
    });
  };
  save(SpokeStatus::active);
  replace();
  CHECK(find(spoke)->status == SpokeStatus::active);
  CHECK(find(spoke)->transfer_rx == 5);
  spoke.public_key = make_key(9);
  replace();
  CHECK(find(spoke)->status == SpokeStatus::pending);
  CHECK_FALSE(find(spoke)->last_handshake);
  CHECK(find(spoke)->transfer_tx == 0);
}
