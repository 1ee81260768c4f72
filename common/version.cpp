#include "common/version.h"

namespace wghub {

const std::string_view kVersion = WGHUB_VERSION;

}  // namespace wghub
