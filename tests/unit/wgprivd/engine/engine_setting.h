// An engine on a FakeMachine, with its state in a directory of its own. Leaves the records to who uses it.
#pragma once

#include <memory>
#include <span>

#include "tests/unit/wgprivd/engine/fake_machine.h"
#include "tests/unit/wgprivd/engine/temporary_state.h"
#include "wgprivd/engine/engine.h"
#include "wgprivd/engine/kernel_netlink.h"

namespace wghub::test {

struct EngineSetting {
  /// parent: where the directory is made.
  explicit EngineSetting(const std::string& parent = "/tmp") : state(parent) {}

  EngineStatusPage send(std::span<const std::byte> record) {
    const auto answer = engine.answer(record);
    EngineStatusPage page{};
    std::memcpy(&page, answer.data(), answer.size());
    return page;
  }
  EngineStatusPage send(const EngineRequest& request) { return send(std::as_bytes(std::span(&request, 1))); }

  FakeMachine machine;
  TemporaryState state;
  StateDirectory directory{state.path};
  SecretKey sealing_key;
  HubKey key{directory, "hub.key", sealing_key};
  PolicyFile policy{directory, "policy"};
  Journal journal{directory, "journal", OnDamage::refuse};
  NetlinkSocket route{NETLINK_ROUTE};
  NetlinkSocket news{NETLINK_ROUTE, kLinkNews};
  std::unique_ptr<Backend> backend = open_kernel();
  Interface interface { "wg0", key, policy, *backend, route, news };
  Engine engine{key, policy, journal, interface};
};

}  // namespace wghub::test
