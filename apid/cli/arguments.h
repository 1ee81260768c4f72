// Reads wghub's arguments by the tables of its commands. The one user of CLI11.
#pragma once

#include <variant>
#include <vector>

#include "apid/cli/command.h"

namespace wghub::cli {

/// What was typed.
struct Wish {
  const Command* command = nullptr;
  Target target;
  Format format = Format::table;
  Given given;
};

/// A wish, or what to end with: help was printed, or stderr told what is wrong. groups must outlive the wish.
std::variant<Wish, Exit> read_arguments(const std::vector<Group>& groups, int argc, char** argv);

}  // namespace wghub::cli
