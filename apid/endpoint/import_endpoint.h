// /api/spoke/import.
#pragma once

#include "apid/http/message.h"
#include "apid/service/spoke_import.h"

namespace wghub::endpoint {

class ImportEndpoint {
 public:
  explicit ImportEndpoint(SpokeImport& import) : import_(import) {}

  http::Response import(const http::Request& request);

 private:
  SpokeImport& import_;
};

}  // namespace wghub::endpoint
