// What a new installation token is shown as, whether it was created or reissued.
#pragma once

#include <string>

#include "apid/cli/request.h"

namespace wghub::cli {

/// Of which platform the command is shown; the preset may be empty.
Argument platform_argument(std::string preset);

/// The one output that has the token's clear text: as JSON the whole answer, else the machine's command in the last
/// line.
Exit show_issued(const Task& task, const Asked<boost::json::object>& answer, const std::string& platform);

}  // namespace wghub::cli
