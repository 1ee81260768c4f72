#include "wgprivd/engine/interface_netlink.h"

#include <algorithm>
#include <chrono>

#include "common/log.h"

namespace wghub {
namespace {

constexpr int kDumpAttempts = 4;  // the first and three more
constexpr std::size_t kBatch = 256;

// Numbers of one run of the program must not look like those of the last.
std::uint64_t first_number() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1));
}

}  // namespace

Interface::Interface(std::string name, RouteNetlink& route, Backend& backend)
    : name_(std::move(name)), route_(route), backend_(backend), generation_(first_number()) {
  snapshot_.number = generation_;
}

void Interface::expect(const std::optional<PublicKey>& key, const std::optional<Network>& hub) {
  key_ = key;
  hub_ = hub;
  look();
}

void Interface::read_news() {
  if (route_.read_news(name_, link_.index)) look();
}

void Interface::look() {
  const auto now = route_.find(name_, hub_ ? &*hub_ : nullptr);
  if (now == link_) return;
  const bool is_other = now.index != link_.index;
  link_ = now;
  ++generation_;
  log::info("the interface has changed", {{"interface", name_},
                                          {"index", std::int64_t{link_.index}},
                                          {"up", link_.up ? "yes" : "no"},
                                          {"address", link_.has_address ? "yes" : "no"}});
  if (is_other) {
    ours_ = false;
    inspect();
  }
}

Ownership Interface::inspect() {
  auto& device = snapshot_.device;
  auto outcome = link_.index == 0 ? BackendOutcome::no_device : BackendOutcome::interrupted;
  for (int attempt = 0; attempt < kDumpAttempts && outcome == BackendOutcome::interrupted; ++attempt) {
    outcome = backend_.dump(link_.index, device);
  }
  ++snapshot_.number;
  snapshot_.complete = outcome == BackendOutcome::done;
  if (outcome == BackendOutcome::interrupted) log::warning("the dump was interrupted each time");
  if (outcome == BackendOutcome::failed || outcome == BackendOutcome::no_device) device.clear();
  if (outcome == BackendOutcome::failed) return Ownership::unknown;

  // The mirror follows only whole dumps: half a mirror would let a held address be given away.
  const bool has_our_key = key_ && device.key == *key_ && outcome != BackendOutcome::no_device;
  ours_ = has_our_key && (snapshot_.complete || ours_);
  if (!has_our_key) peers_.load({}, {});
  if (has_our_key && snapshot_.complete) peers_.load(device.peers, device.extra);
  if (has_our_key) return Ownership::ours;
  if (link_.index == 0) return Ownership::absent;
  const bool is_blank = snapshot_.complete && device.key == PublicKey{} && device.peers.empty();
  return is_blank ? Ownership::unkeyed : Ownership::foreign;
}

bool Interface::bring_up(Ownership before, const HubKey& key, std::uint16_t port, unsigned mtu) {
  if (before == Ownership::absent) {
    if (backend_.create(name_) != BackendOutcome::done) return false;
    look();
  }
  const bool created = before != Ownership::ours;
  if (created || snapshot_.device.port != port) {
    SecretKey private_key;
    if (!key.unseal(private_key)) return false;
    if (backend_.set_device(link_.index, private_key, port) != BackendOutcome::done) return false;
  }
  if (const int error = route_.bring_up(link_.index, *hub_, mtu); error != 0) {
    log::error("the interface cannot be brought up", {{"interface", name_}, {"errno", std::int64_t{error}}});
    return false;
  }
  look();
  inspect();
  if (!ours_) return false;
  log::info("the interface is configured", {{"interface", name_},
                                            {"address", to_string(*hub_)},
                                            {"port", std::int64_t{port}},
                                            {"mtu", std::int64_t{mtu}},
                                            {"created", created ? "yes" : "no"}});
  return true;
}

BackendOutcome Interface::apply(std::span<const PeerChange> changes) {
  const auto outcome = backend_.set_peers(link_.index, changes);
  if (outcome == BackendOutcome::no_device) ours_ = false;
  if (outcome != BackendOutcome::done) return outcome;
  for (const auto& change : changes) {
    if (change.kind == PeerChange::Kind::remove) peers_.erase(change.key);
    if (change.kind == PeerChange::Kind::set) peers_.put(change.key, {change.addresses});
  }
  return outcome;
}

std::optional<std::size_t> Interface::set_missing(const std::map<PublicKey, EngineAddresses>& wanted) {
  std::vector<PeerChange> missing;
  for (const auto& [key, addresses] : wanted) {
    if (!peers_.shows(key, addresses)) missing.push_back({PeerChange::Kind::set, key, addresses});
  }
  std::span<const PeerChange> rest = missing;
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), kBatch));
    if (apply(batch) != BackendOutcome::done) return std::nullopt;
    rest = rest.subspan(batch.size());
  }
  return missing.size();
}

}  // namespace wghub
