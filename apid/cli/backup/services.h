// The hub's units under systemd, stopped and started around a restore. Where there is no systemd, only whether apid
// runs.
#pragma once

#include <string>

#include "apid/cli/backup/fault.h"

namespace wghub::cli {

/// While it lives the hub's daemons do not run.
class Pause {
 public:
  /// Stops the units. Errors: Fault when that fails, or when apid answers at this socket all the same.
  explicit Pause(const std::string& admin_socket);
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  /// Starts them again, if they were stopped here.
  ~Pause();

  /// Starts them, enabled or not: true, or false where there is no systemd with these units. Errors: Fault.
  bool end();

 private:
  bool stopped_ = false;
};

}  // namespace wghub::cli
