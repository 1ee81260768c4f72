#include "apid/endpoint/audit_endpoint.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"

namespace wghub::endpoint {
namespace {

constexpr PageSize kExported = {10'000, 10'000};  // about 5 MB

}  // namespace

Outcome<Page<AuditEvent>> AuditEndpoint::find(const http::Request& request, PageSize size) {
  Query query(request);
  AuditFilter filter;
  filter.actor = query.text("actor");
  filter.action = query.text("action");
  filter.target = query.text("target");
  filter.outcome = query.word("outcome", {"success", "denied"});
  filter.from = query.time("from");
  filter.to = query.time("to");
  const PageRequest page = query.page(size);
  if (auto fault = query.finish()) return *fault;
  return stores_.database.read<Page<AuditEvent>>(
      [&](store::Transaction& t) -> Outcome<Page<AuditEvent>> { return stores_.audit.list(t, filter, page); });
}

http::Response AuditEndpoint::list(const http::Request& request) {
  return answer(find(request, {}), request, 200, [](const Page<AuditEvent>& events) {
    boost::json::array array;
    for (const auto& event : events.items) array.push_back(encode(event));
    return boost::json::object{{"events", std::move(array)}, {"nextCursor", encode_cursor(events.next)}};
  });
}

http::Response AuditEndpoint::export_lines(const http::Request& request) {
  const auto events = find(request, kExported);
  if (!events) return http::render_json_error(events.error(), request);
  http::Response response;
  response.content_type = "application/x-ndjson";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"audit.jsonl\"");
  if (events->next) response.headers.emplace_back("X-Next-Cursor", encode_cursor(events->next).as_string());
  for (const auto& event : events->items) {
    auto line = encode(event);
    line["hash"] = event.hash;
    response.body.append(boost::json::serialize(line)).push_back('\n');
  }
  return response;
}

http::Response AuditEndpoint::verify(const http::Request& request) {
  const auto check = stores_.database.read<AuditCheck>(
      [&](store::Transaction& t) -> Outcome<AuditCheck> { return stores_.audit.verify(t); });
  return answer(check, request, 200, [](const AuditCheck& found) {
    const auto broken = found.broken ? boost::json::value(*found.broken) : boost::json::value();
    return boost::json::object{{"events", found.events}, {"broken", broken}};
  });
}

}  // namespace wghub::endpoint
