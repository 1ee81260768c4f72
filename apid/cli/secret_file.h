// A secret out of a file: the API token that wghub shows to a hub elsewhere. Never out of the arguments.
#pragma once

#include <optional>
#include <string>

#include "common/secret.h"

namespace wghub::cli {

/// The first line of the file, at most 1 KiB of visible ASCII. Nothing when it is not that, or when others than its
/// owner and group may read it; why is told on stderr, without what is in it.
std::optional<Secret> read_secret_file(const std::string& path);

}  // namespace wghub::cli
