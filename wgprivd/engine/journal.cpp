#include "wgprivd/engine/journal.h"

namespace wghub {

Journal::Journal(const StateDirectory& directory, OnDamage on_damage) : log_(directory, "journal") {
  for (const auto& entry : log_.open(on_damage)) apply(entry);
}

void Journal::add(const PublicKey& key, const EngineAddresses& addresses, const PublicKey& replaced) {
  const Entry entry{.key = key, .replaced = replaced, .addresses = addresses};
  apply(entry);
  log_.append(entry);
}

void Journal::remove(const PublicKey& key) {
  if (peers_.erase(key) != 0) log_.append({.key = key, .kind = Kind::remove});
}

void Journal::apply(const Entry& entry) {
  peers_.erase(entry.kind == Kind::remove ? entry.key : entry.replaced);
  if (entry.kind == Kind::add) peers_[entry.key] = entry.addresses;
}

bool Journal::sync() {
  const bool is_long = log_.size() > kFloorRecords && log_.size() > 2 * peers_.size();
  if (log_.is_synced() || (!is_long && log_.sync())) return true;
  std::vector<Entry> live;
  for (const auto& [key, addresses] : peers_) live.push_back({.key = key, .addresses = addresses});
  return log_.rewrite(live);
}

}  // namespace wghub
