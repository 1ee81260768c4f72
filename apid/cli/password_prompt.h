// A password from the person at the terminal, or from a pipe. Never from the arguments, which everybody can read.
#pragma once

#include <optional>
#include <string>

#include "common/secret.h"

namespace wghub::cli {

/// Asked for twice by that word, unseen, when stdin is a terminal; else its first line. Nothing when the two differ,
/// when somebody breaks off, or when the line is longer than 1 KiB; why is told on stderr.
std::optional<Secret> ask_password(const std::string& what = "password");

/// One that there is already: asked for once. Nothing likewise.
std::optional<Secret> ask_known_password(const std::string& what);

}  // namespace wghub::cli
