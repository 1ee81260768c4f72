// The engine's socket: who may call, one record in, one answer out, in one thread. Leaves what records mean to Engine.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

#include "common/descriptor.h"
#include "wgprivd/engine/engine.h"

namespace wghub {

class Server {
 public:
  static constexpr std::size_t kMaxClients = 8;
  static constexpr int kIdleSeconds = 60;

  /// caller: the only user whose connections are served.
  Server(Engine& engine, Interface& interface, Descriptor listener, uid_t caller);

  /// Serves until nobody has been connected for 60 s (true), or the WireGuard implementation is gone (false).
  bool run();

 private:
  struct Client {
    Descriptor socket;
    std::uint64_t told_generation = 0;  ///< of the interface, the last that the client knows
    std::vector<std::byte> unsent;      ///< an answer that its reader is too slow for; nothing is read meanwhile
  };

  void accept_one();
  bool serve(Client& client, bool readable);
  static bool send(Client& client, std::span<const std::byte> record);

  Engine& engine_;
  Interface& interface_;
  Descriptor listener_;
  uid_t caller_;
  std::vector<Client> clients_;
};

}  // namespace wghub
