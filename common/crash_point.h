// Named points at which the process of a test build kills itself, so that tests see what a crash just there leaves.
// Leaves starting it again to the service manager. Other builds have nothing of it.
#pragma once

#ifdef WGHUB_CRASH_POINTS

#include <string_view>

namespace wghub {

/// Kills the process when it was started with WGHUB_CRASH_AT=NAME:N in its environment and passes for the N-th time the
/// point NAME, which is stem and rest together. Otherwise does nothing. From any thread, confined or not.
void crash_point(std::string_view stem, std::string_view rest = {});

}  // namespace wghub

// A macro, so that not even the names are in other builds. tests/lib/crash_points.py finds all points by it.
#define WGHUB_CRASH_POINT(...) ::wghub::crash_point(__VA_ARGS__)

#else

#define WGHUB_CRASH_POINT(...) static_cast<void>(0)

#endif
