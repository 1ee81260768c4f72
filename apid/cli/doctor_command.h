// wghub doctor: looks for what is commonly wrong with a hub and its machine.
#pragma once

#include "apid/cli/command.h"

namespace wghub::cli {

/// Exit::faulty when a check finds something wrong.
Exit run_doctor(const Task& task);

/// Its arguments, and the names of its checks.
std::vector<Argument> doctor_arguments();

}  // namespace wghub::cli
