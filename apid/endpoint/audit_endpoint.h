// GET /api/audit, the same as JSON lines, and for root the check that nothing in it was changed.
#pragma once

#include "apid/endpoint/fields.h"
#include "apid/http/message.h"
#include "apid/model/audit.h"
#include "apid/model/page.h"
#include "apid/service/surroundings.h"

namespace wghub::endpoint {

class AuditEndpoint {
 public:
  explicit AuditEndpoint(Stores& stores) : stores_(stores) {}

  http::Response list(const http::Request& request);
  /// One event a line, each with its hash; X-Next-Cursor when there are more.
  http::Response export_lines(const http::Request& request);
  http::Response verify(const http::Request& request);

 private:
  Outcome<Page<AuditEvent>> find(const http::Request& request, PageSize size);

  Stores& stores_;
};

}  // namespace wghub::endpoint
