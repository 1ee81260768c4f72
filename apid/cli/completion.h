// Scripts by which shells complete wghub's words, made from the same tables as its arguments.
#pragma once

#include <string>
#include <vector>

#include "apid/cli/command.h"

namespace wghub::cli {

std::string bash_completion(const std::vector<Group>& groups);
std::string zsh_completion(const std::vector<Group>& groups);
std::string fish_completion(const std::vector<Group>& groups);

}  // namespace wghub::cli
