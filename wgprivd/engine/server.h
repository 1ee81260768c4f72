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
  enum class End { idle, terminated, backend_gone };

  static constexpr std::size_t kMaxClients = 8;
  static constexpr int kIdleSeconds = 60;

  /// Descriptors to wait for besides clients; -1: nothing.
  struct Watched {
    int signals = -1;
    int life_line = -1;
    int link_news = -1;
  };

  /// caller: the only user whose connections are served.
  Server(Engine& engine, Interface& interface, Descriptor listener, uid_t caller, Watched watched);

  /// Serves until nobody has been connected for 60 s, a signal asks to end, or the life line hangs up.
  End run();

 private:
  struct Client {
    Descriptor socket;
    std::vector<std::byte> unsent;      ///< an answer that its reader is too slow for; nothing is read meanwhile
    std::uint64_t told_generation = 0;  ///< of the link, the last that the client knows
  };

  void accept_one();
  bool serve(Client& client, short events);
  bool flush(Client& client);
  static bool send(Client& client, std::span<const std::byte> record);

  Engine& engine_;
  Interface& interface_;
  Descriptor listener_;
  uid_t caller_;
  Watched watched_;
  std::vector<Client> clients_;
};

}  // namespace wghub
