// A machine with one WireGuard interface, as netlink shows and changes it: links, addresses, routes, peers. Dumps can
// be bent on their way. Keeps the kernel's rule that an address given to a peer is taken from whoever had it, and
// counts that.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "common/address.h"
#include "common/key.h"
#include "tests/unit/wgprivd/engine/fake_netlink.h"
#include "wgprivd/engine/netlink_socket.h"

namespace wghub::test {

struct FakePeer {
  PublicKey key;
  std::vector<Network> allowed;
};

struct FakeLink {
  unsigned index = 7;
  bool up = false;
  unsigned mtu = 1420;
  bool is_wireguard = true;
  std::vector<Network> addresses;
  PublicKey key;
  std::uint16_t port = 0;
  std::vector<FakePeer> peers;

  FakePeer* find(const PublicKey& key);
  /// As `wg set` does; returns how many other peers lost an address by it.
  int give(const PublicKey& key, const Network& allowed);
};

class FakeMachine final : public FakeKernel {
 public:
  std::optional<FakeLink> link;         ///< wg0
  std::vector<Network> other_networks;  ///< addresses and routes of the machine's other interfaces
  int dumps = 0;                        ///< of peers, so far
  int moved = 0;                        ///< addresses that a request took from another peer
  int set_error = 0;                    ///< errno value for each change of peers

  /// Changes what a dump of peers answers, before it goes out; number counts from 1.
  std::function<void(std::deque<Datagram>& answer, int number)> bend;

  /// Somebody makes, replaces or (nothing) deletes wg0; the listeners hear of it.
  void replace_link(std::optional<FakeLink> other);

  std::deque<Datagram> answer(int protocol, const nlmsghdr* request) override;

 private:
  std::deque<Datagram> answer_wireguard(const nlmsghdr* request);
  std::deque<Datagram> answer_route(const nlmsghdr* request);
  std::deque<Datagram> dump_peers(const nlmsghdr* request);
  std::deque<Datagram> dump_addresses(const nlmsghdr* request) const;
  int set_device(const nlmsghdr* request);
  void set_peer(const Attributes& attributes);
  int change_link(const nlmsghdr* request);
  int change_address(const nlmsghdr* request);

  unsigned last_index_ = 7;
};

}  // namespace wghub::test
