// Why a backup, a restore or an import cannot be done; the commands catch it and tell it.
#pragma once

#include <stdexcept>
#include <string>

#include "apid/cli/exit.h"

namespace wghub::cli {

struct Fault : std::runtime_error {
  Fault(Exit with, const std::string& text) : std::runtime_error(text), exit(with) {}
  Exit exit;
};

}  // namespace wghub::cli
