// Backups that a timer makes: their names, and which of them are too old. Leaves when to the timer.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "apid/cli/backup/fault.h"

namespace wghub::cli {

/// DIRECTORY/wireguard-hub-20260131T020000Z.whb. Errors, here and below: Fault when there is no such folder.
std::string nightly_name(const std::string& directory, std::time_t now);

/// Removes those of that form that are older, by their names, than so many days, the newest never; returns how many.
std::int64_t remove_old(const std::string& directory, std::int64_t keep_days);

}  // namespace wghub::cli
