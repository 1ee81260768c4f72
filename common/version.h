// Which release this is: the version of the build's CMakeLists.txt.
#pragma once

#include <string_view>

namespace wghub {

extern const std::string_view kVersion;

}  // namespace wghub
