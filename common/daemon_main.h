// The end of a daemon's program: how a fault is told, and the exit code it has. Leaves all before that to the program.
#pragma once

#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

#include "common/log.h"
#include "common/state_directory.h"

namespace wghub {

/// Runs the program and exits with what it returns; after an exception, told under the name, with 65 when that was
/// damaged state, else with 1. Without exit handlers: a sanitizer's would look for leaks by tracing, which the
/// confinement forbids.
template <class Run>
[[noreturn]] void run_to_the_end(const char* told_as, Run run) {
  try {
    _exit(run());
  } catch (const std::exception& fault) {
    log::error(told_as, {{"reason", fault.what()}});
    _exit(dynamic_cast<const DamagedState*>(&fault) != nullptr ? EX_DATAERR : EXIT_FAILURE);
  }
}

}  // namespace wghub
