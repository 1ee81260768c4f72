// The request methods by their names.
#pragma once

#include <optional>
#include <string_view>

#include "apid/http/message.h"

namespace wghub::http {

std::string_view name_of(Method method);

/// Nothing for a method that no route has.
std::optional<Method> method_of(std::string_view name);

}  // namespace wghub::http
