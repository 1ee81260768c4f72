// The API's own document: what docs/openapi.yaml says, as JSON and as a page. The texts are made by the build
// (apid/endpoint/document/make), so that the program needs no file at run time.
#pragma once

#include <string_view>

#include "apid/http/message.h"

namespace wghub::endpoint {

extern const std::string_view kDocument;
extern const std::string_view kPage;
extern const std::string_view kStyle;

http::Response document_json(const http::Request& request);
http::Response document_page(const http::Request& request);
http::Response document_style(const http::Request& request);

}  // namespace wghub::endpoint
