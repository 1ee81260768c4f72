// One log line a request. Tokens in paths are masked; queries, headers and bodies are never shown (D5).
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "apid/http/message.h"

namespace wghub::http {

/// The path with `[token]` in place of what follows /script/ and of everything else that could be a secret, cut at 256
/// bytes.
std::string loggable_path(std::string_view path);

void log_access(const Request& request, std::string_view method, unsigned status, std::chrono::microseconds duration);

}  // namespace wghub::http
