// Makes every object of apid, in order, and holds them while it serves.
#pragma once

#include <memory>
#include <string>

#include "apid/app/configuration.h"

namespace wghub::app {

class Application {
 public:
  /// handed_over_socket: a listening TCP socket, or -1. Throws std::runtime_error with a sentence for the admin.
  Application(const Configuration& configuration, int handed_over_socket);
  ~Application();

  void start();
  /// Finishes accepted requests for at most ten seconds, then writes what is in memory.
  void stop();
  void reload_certificate();
  /// Whether the thread that serves has answered since the last call; true at the first.
  bool is_alive();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace wghub::app
