#include "apid/service/spoke_import.h"

#include <utility>

#include "common/crash_point.h"

namespace wghub {
namespace {

constexpr auto kMetadata = R"({"imported":true})";

ImportedItem refused(ErrorCode code, const char* field, const std::string& message) {
  Error error(code);
  error.faults.push_back({field, message});
  return {ImportedItem::State::refused, "", std::move(error)};
}

ImportedItem refused_address(const Error& error) {
  if (error.faults.empty()) return refused(error.code, "address", "is held by the hub, a spoke or a token");
  return refused(error.code, "address", error.faults.front().message);
}

// One error of all refusals; nothing when there is none.
std::optional<Error> sum_of(const std::vector<ImportedItem>& items) {
  std::optional<Error> sum;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].refusal) continue;
    if (!sum) sum = Error(items[i].refusal->code);
    const auto& fault = items[i].refusal->faults.front();
    sum->faults.push_back({"spokes[" + std::to_string(i) + "]." + fault.field, fault.message});
  }
  return sum;
}

}  // namespace

SpokeImport::SpokeImport(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
                         std::function<void()> peers_changed)
    : stores_(stores), audit_(audit), events_(events), tokens_(tokens), peers_changed_(std::move(peers_changed)) {}

Outcome<std::vector<ImportedItem>> SpokeImport::run(const std::vector<ImportItem>& items, ImportMode mode,
                                                    const Actor& actor) {
  using Imported = std::vector<ImportedItem>;
  Imported imported;
  std::vector<Spoke> made;
  bool only_planned = false;
  const auto written = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    imported.clear();
    made.clear();
    const auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    for (const auto& item : items) imported.push_back(take(t, *hub, item, actor, made));
    // What was tried is taken back with the transaction.
    only_planned = mode == ImportMode::plan;
    if (only_planned) return ErrorCode::internal;
    if (auto refusal = sum_of(imported)) return *std::move(refusal);
    return Done{};
  });
  if (only_planned)
    for (auto& each : imported)
      if (each.state == ImportedItem::State::made) each.spoke_id.clear();
  if (only_planned) return imported;
  if (!written) return written.error();
  WGHUB_CRASH_POINT("import.committed");
  if (!made.empty()) peers_changed_();
  for (const auto& spoke : made) events_.publish({"spoke.registered", spoke.registered_at, spoke});
  return imported;
}

ImportedItem SpokeImport::take(store::Transaction& t, const HubConfig& hub, const ImportItem& item, const Actor& actor,
                               std::vector<Spoke>& made) {
  constexpr auto kTaken = ErrorCode::public_key_already_registered;
  if (item.key == hub.public_key) return refused(kTaken, "publicKey", "is the hub's own");
  if (const auto holder = stores_.spokes.find_live_by_key(t, item.key)) {
    if (holder->address == item.address.address && !holder->removing_at)
      return {ImportedItem::State::present, holder->id, std::nullopt};
    return refused(kTaken, "publicKey", "is that of the spoke with address " + to_string(holder->address));
  }
  const auto issued = tokens_.insert_new(t, hub, {item.name, item.address}, actor);
  if (!issued) return refused_address(issued.error());
  const Token& token = issued->token;
  stores_.tokens.bind(t, token.id, item.key);
  Spoke spoke;
  spoke.id = token.spoke_id;
  spoke.token_id = token.id;
  spoke.name = item.name;
  spoke.public_key = item.key;
  spoke.address = token.address;
  spoke.network = hub.network;
  spoke.registered_at = store::now_of(t);
  spoke.metadata = kMetadata;
  stores_.spokes.insert(t, spoke);
  WGHUB_CRASH_POINT("import.stored");
  audit_.record(
      t, actor, "spoke.imported", spoke.id,
      {{"name", spoke.name}, {"publicKey", to_base64(spoke.public_key)}, {"address", to_string(spoke.address)}});
  made.push_back(spoke);
  return {ImportedItem::State::made, spoke.id, std::nullopt};
}

}  // namespace wghub
