#include "apid/service/spoke_import.h"

#include <algorithm>
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

WantedPeer peer_of(const Spoke& spoke) {
  WantedPeer peer;
  peer.key = spoke.public_key;
  peer.replaces = spoke.replaces_key;
  (spoke.address.family == Family::ipv4 ? peer.ipv4 : peer.ipv6) = spoke.address;
  return peer;
}

Error unavailable() {
  Error error(ErrorCode::helper_unavailable);
  error.retry_after = std::chrono::seconds(2);
  return error;
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
                         ImportSurroundings surroundings)
    : stores_(stores), audit_(audit), events_(events), tokens_(tokens), around_(std::move(surroundings)) {}

Outcome<std::vector<ImportedItem>> SpokeImport::run(const std::vector<ImportItem>& items, ImportMode mode,
                                                    const Actor& actor) {
  using Imported = std::vector<ImportedItem>;
  Imported imported;
  Taken taken;
  bool only_planned = false;
  const auto written = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    imported.clear();
    taken = {};
    const auto hub = stores_.hub.find(t);
    if (!hub) return ErrorCode::hub_not_initialized;
    for (const auto& item : items) imported.push_back(take(t, *hub, item, actor, taken));
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
  if (!taken.made.empty()) around_.peers_changed();
  const bool is_up = bring_up(taken.spokes);
  for (const auto& spoke : taken.made) events_.publish({"spoke.registered", spoke.registered_at, spoke});
  if (!is_up) return unavailable();
  return imported;
}

// Whether every peer is on the interface now. One that somebody else is changing right now is his.
bool SpokeImport::bring_up(const std::vector<Spoke>& spokes) {
  std::vector<PeerLocks::Guard> held;
  std::vector<const Spoke*> ours;
  for (const auto& spoke : spokes) {
    auto guard = around_.locks.try_lock(spoke.id);
    if (!guard) continue;
    held.push_back(std::move(*guard));
    ours.push_back(&spoke);
  }
  // A removal may have come between the commit and the lock; then the peer must not appear.
  const auto wanted =
      stores_.database.read<std::vector<WantedPeer>>([&](store::Transaction& t) -> Outcome<std::vector<WantedPeer>> {
        std::vector<WantedPeer> peers;
        for (const auto* spoke : ours) {
          const auto now = stores_.spokes.find(t, spoke->id);
          if (now && !now->removing_at && now->public_key == spoke->public_key) peers.push_back(peer_of(*now));
        }
        return peers;
      });
  if (!wanted) return false;
  WGHUB_CRASH_POINT("import.adding");
  const auto outcomes = around_.helper.add_peers(*wanted);
  return held.size() == spokes.size() && std::all_of(outcomes.begin(), outcomes.end(), [](PeerOutcome outcome) {
           return outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged;
         });
}

ImportedItem SpokeImport::take(store::Transaction& t, const HubConfig& hub, const ImportItem& item, const Actor& actor,
                               Taken& taken) {
  constexpr auto kTaken = ErrorCode::public_key_already_registered;
  if (item.key == hub.public_key) return refused(kTaken, "publicKey", "is the hub's own");
  if (const auto holder = stores_.spokes.find_live_by_key(t, item.key)) {
    const bool is_same = holder->address == item.address.address && !holder->removing_at;
    if (is_same) taken.spokes.push_back(*holder);
    if (is_same) return {ImportedItem::State::present, holder->id, std::nullopt};
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
  spoke.keepalive = 0;
  stores_.spokes.insert(t, spoke);
  WGHUB_CRASH_POINT("import.stored");
  audit_.record(
      t, actor, "spoke.imported", spoke.id,
      {{"name", spoke.name}, {"publicKey", to_base64(spoke.public_key)}, {"address", to_string(spoke.address)}});
  taken.spokes.push_back(spoke);
  taken.made.push_back(spoke);
  return {ImportedItem::State::made, spoke.id, std::nullopt};
}

}  // namespace wghub
