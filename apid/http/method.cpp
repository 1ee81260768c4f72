#include "apid/http/method.h"

#include <array>

namespace wghub::http {
namespace {

constexpr std::array kMethods = {Method::get, Method::head, Method::post, Method::put, Method::del, Method::options};

}  // namespace

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
  }
  return "";
}

std::optional<Method> method_of(std::string_view name) {
  for (const auto method : kMethods)
    if (name_of(method) == name) return method;
  return std::nullopt;
}

}  // namespace wghub::http
