#include "apid/endpoint/import_endpoint.h"

#include <boost/json/array.hpp>
#include <map>

#include "apid/endpoint/answer.h"
#include "apid/endpoint/encode.h"
#include "apid/endpoint/fields.h"
#include "apid/endpoint/texts.h"

namespace wghub::endpoint {
namespace {

constexpr std::size_t kMostAtOnce = 256;

struct Import {
  std::vector<ImportItem> items;
  std::map<std::size_t, Error> unreadable;  ///< of a plan: the others of the request, by their places
  ImportMode mode = ImportMode::apply;
};

Error fault_in(ErrorCode code, const char* field, const char* message) {
  Error error(code);
  error.faults.push_back({field, message});
  return error;
}

// One {"name","publicKey","address"}.
Outcome<ImportItem> parse_item(const boost::json::object& object) {
  Fields fields(object);
  ImportItem item;
  item.name = fields.text("name", kNameBytes);
  if (!is_display_name(item.name)) fields.fault("name", kNameFault);
  const auto key = fields.text("publicKey", kFormBytes);
  const auto address = fields.text("address", kFormBytes);
  if (auto fault = fields.finish()) return *fault;
  const auto parsed = parse_public_key(key);
  if (!parsed || !is_usable(*parsed))
    return fault_in(ErrorCode::invalid_public_key, "publicKey", "must be a usable key in 43 base64 characters and '='");
  const auto place = parse_custom_address(address);
  if (!place)
    return fault_in(ErrorCode::invalid_ip, "address", "must be an address, with the network's prefix or none");
  item.key = *parsed;
  item.address = *place;
  return item;
}

Outcome<ImportItem> parse_at(const boost::json::array& spokes, std::size_t index) {
  const auto* object = spokes[index].if_object();
  if (object == nullptr) return fault_in(ErrorCode::invalid_request, "", "must be an object");
  return parse_item(*object);
}

Error placed(Error error, std::size_t index) {
  for (auto& fault : error.faults)
    fault.field = "spokes[" + std::to_string(index) + "]" + (fault.field.empty() ? "" : "." + fault.field);
  return error;
}

Outcome<Import> parse_import(const boost::json::object& object) {
  Fields fields(object);
  const auto* spokes = fields.array("spokes", kMostAtOnce);
  const bool is_plan = fields.optional_boolean("dryRun").value_or(false);
  if (auto fault = fields.finish()) return *fault;
  Import import{{}, {}, is_plan ? ImportMode::plan : ImportMode::apply};
  for (std::size_t i = 0; i < spokes->size(); ++i) {
    auto item = parse_at(*spokes, i);
    if (!item && (!is_plan || item.error().faults.empty())) return placed(item.error(), i);
    if (item)
      import.items.push_back(*std::move(item));
    else
      import.unreadable.emplace(i, item.error());
  }
  return import;
}

const char* word_of(ImportedItem::State state) {
  switch (state) {
    case ImportedItem::State::made:
      return "new";
    case ImportedItem::State::present:
      return "present";
    case ImportedItem::State::refused:
      return "refused";
  }
  return "";
}

boost::json::object encode(const ImportedItem& item) {
  boost::json::object object = {
      {"outcome", word_of(item.state)}, {"id", nullptr}, {"code", nullptr}, {"field", nullptr}, {"message", nullptr}};
  if (!item.spoke_id.empty()) object["id"] = item.spoke_id;
  if (!item.refusal) return object;
  const auto& fault = item.refusal->faults.front();
  object["code"] = http::row_of(item.refusal->code).code;
  object["field"] = fault.field;
  object["message"] = fault.message;
  return object;
}

}  // namespace

http::Response ImportEndpoint::import(const http::Request& request) {
  const auto body = http::parse_object(request.body);
  if (!body) return http::render_json_error(body.error(), request);
  const auto parsed = parse_import(*body);
  if (!parsed) return http::render_json_error(parsed.error(), request);
  const bool is_plan = parsed->mode == ImportMode::plan;
  const auto imported = import_.run(parsed->items, parsed->mode, actor_of(request));
  return answer(imported, request, is_plan ? 200 : 201, [&](const std::vector<ImportedItem>& items) {
    boost::json::array spokes;
    auto item = items.begin();
    for (std::size_t i = 0; i < items.size() + parsed->unreadable.size(); ++i) {
      const auto unreadable = parsed->unreadable.find(i);
      spokes.push_back(encode(unreadable == parsed->unreadable.end()
                                  ? *item++
                                  : ImportedItem{ImportedItem::State::refused, "", unreadable->second}));
    }
    return boost::json::object{{"success", true}, {"dryRun", is_plan}, {"spokes", std::move(spokes)}};
  });
}

}  // namespace wghub::endpoint
