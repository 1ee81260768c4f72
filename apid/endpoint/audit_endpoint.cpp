#include "apid/endpoint/audit_endpoint.h"

#include <boost/json/array.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"

namespace wghub::endpoint {

http::Response AuditEndpoint::list(const http::Request& request) {
  Query query(request);
  AuditFilter filter;
  filter.actor = query.text("actor");
  filter.action = query.text("action");
  filter.target = query.text("target");
  filter.outcome = query.word("outcome", {"success", "denied"});
  filter.from = query.time("from");
  filter.to = query.time("to");
  const PageRequest page = query.page();
  if (auto fault = query.finish()) return http::render_json_error(*fault, request);
  const auto found = stores_.database.read<Page<AuditEvent>>(
      [&](store::Transaction& t) -> Outcome<Page<AuditEvent>> { return stores_.audit.list(t, filter, page); });
  return answer(found, request, 200, [](const Page<AuditEvent>& events) {
    boost::json::array array;
    for (const auto& event : events.items) array.push_back(encode(event));
    return boost::json::object{{"events", std::move(array)}, {"nextCursor", encode_cursor(events.next)}};
  });
}

}  // namespace wghub::endpoint
