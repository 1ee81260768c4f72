#include "apid/endpoint/document.h"

#include <string>

namespace wghub::endpoint {
namespace {

http::Response text_response(std::string_view text, const char* content_type) {
  http::Response response;
  response.content_type = content_type;
  response.body = std::string(text);
  return response;
}

}  // namespace

http::Response document_json(const http::Request& /*request*/) { return text_response(kDocument, "application/json"); }

http::Response document_page(const http::Request& /*request*/) {
  return text_response(kPage, "text/html; charset=utf-8");
}

http::Response document_style(const http::Request& /*request*/) {
  return text_response(kStyle, "text/css; charset=utf-8");
}

}  // namespace wghub::endpoint
