// The engine's view of its interface: is it there, is it ours, who is on it; bringing it up, at a call or after a boot.
#include <algorithm>
#include <chrono>

#include "common/log.h"
#include "wgprivd/engine/engine.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

constexpr int kDumpAttempts = 4;  // the first and three more
constexpr std::size_t kRestoreBatch = 256;

// Numbers of one run of the program must not look like those of the last.
std::uint64_t first_number() {
  return static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1));
}

}  // namespace

Engine::Engine(Parts parts) : parts_(std::move(parts)), generation_(first_number()), snapshot_(generation_) {
  look_at_link();
}

std::optional<Network> Engine::hub_network() const {
  if (!parts_.policy.current()) return std::nullopt;
  const auto network = network_of(parts_.policy.current()->policy);
  return Network{first_host(network), network.prefix};
}

void Engine::read_link_news() {
  if (parts_.route.read_news(parts_.interface, link_.index)) look_at_link();
}

void Engine::look_at_link() {
  const auto hub = hub_network();
  const auto now = parts_.route.find(parts_.interface, hub ? &*hub : nullptr);
  if (now == link_) return;
  const bool is_other = now.index != link_.index;
  link_ = now;
  ++generation_;
  log::info("the interface has changed", {{"interface", parts_.interface},
                                          {"index", std::int64_t{link_.index}},
                                          {"up", link_.up ? "yes" : "no"},
                                          {"address", link_.has_address ? "yes" : "no"}});
  if (is_other) {
    ours_ = false;
    inspect();
  }
}

// Takes a dump. The mirror follows only whole ones: half a mirror would let a held address be given away.
Engine::Ownership Engine::inspect() {
  auto outcome = link_.index == 0 ? BackendOutcome::no_device : BackendOutcome::interrupted;
  for (int attempt = 0; attempt < kDumpAttempts && outcome == BackendOutcome::interrupted; ++attempt) {
    outcome = parts_.backend.dump(link_.index, device_);
  }
  complete_ = outcome == BackendOutcome::done;
  if (outcome == BackendOutcome::interrupted) log::warning("the dump was interrupted each time");
  if (outcome == BackendOutcome::failed || outcome == BackendOutcome::no_device) device_.peers.clear();
  if (outcome == BackendOutcome::failed) return Ownership::unknown;

  const auto& key = parts_.key.public_key();
  const bool is_ours = outcome != BackendOutcome::no_device && key && device_.key == *key;
  ours_ = is_ours && (complete_ || ours_);
  if (!is_ours) peers_.load({}, {});
  if (is_ours && complete_) peers_.load(device_.peers, device_.extra);
  if (is_ours) return Ownership::ours;
  if (link_.index == 0) return Ownership::absent;
  // One without key and peers carries nothing: a userspace implementation begins so, or we were cut off making it.
  const bool is_blank = complete_ && device_.key == PublicKey{} && device_.peers.empty();
  return is_blank ? Ownership::unkeyed : Ownership::foreign;
}

EngineOutcome Engine::take_snapshot() {
  ++snapshot_;
  inspect();
  if (ours_) return EngineOutcome::done;
  device_.peers.clear();
  return EngineOutcome::interface_missing;
}

EngineOutcome Engine::bring_up(Ownership before) {
  const auto policy = parts_.policy.current()->policy;
  if (before == Ownership::absent) {
    if (parts_.backend.create(parts_.interface) != BackendOutcome::done) return EngineOutcome::failed;
    look_at_link();
  }
  const bool created = before != Ownership::ours;
  if (created || device_.port != policy.port) {
    SecretKey private_key;
    const bool given = parts_.key.unseal(private_key) &&
                       parts_.backend.set_device(link_.index, private_key, policy.port) == BackendOutcome::done;
    if (!given) return EngineOutcome::failed;
  }
  const Network hub = *hub_network();
  if (const int error = parts_.route.bring_up(link_.index, hub, policy.mtu); error != 0) {
    log::error("the interface cannot be brought up", {{"errno", std::int64_t{error}}});
    return EngineOutcome::failed;
  }
  look_at_link();
  inspect();
  if (!ours_) return EngineOutcome::failed;
  if (created) page_.reply.flags |= EngineReply::kCreated;
  log::info("the interface is configured", {{"interface", parts_.interface},
                                            {"address", to_string(hub)},
                                            {"port", std::int64_t{policy.port}},
                                            {"mtu", std::int64_t{policy.mtu}},
                                            {"created", created ? "yes" : "no"}});
  return EngineOutcome::done;
}

bool Engine::restore() {
  if (!parts_.policy.current() || !parts_.key.public_key()) {
    log::info("nothing to restore");
    return true;
  }
  const auto ownership = inspect();
  if (ownership == Ownership::foreign || ownership == Ownership::unknown) {
    log::error("nothing restored: the interface of this name is not ours", {{"interface", parts_.interface}});
    return false;
  }
  if (bring_up(ownership) != EngineOutcome::done) return false;
  std::vector<PeerChange> missing;
  for (const auto& [key, addresses] : parts_.journal.peers()) {
    const auto* entry = peers_.find(key);
    const bool present = entry != nullptr && entry->addresses == addresses && !entry->other_addresses;
    if (!present) missing.push_back({PeerChange::Kind::set, key, addresses});
  }
  for (std::span<const PeerChange> rest = missing; !rest.empty();) {
    const auto batch = rest.first(std::min(rest.size(), kRestoreBatch));
    if (apply(batch) != EngineOutcome::done) return false;
    rest = rest.subspan(batch.size());
  }
  log::info("the interface is restored", {{"peers", static_cast<std::int64_t>(missing.size())}});
  return true;
}

void Engine::tick() {
  if (!parts_.journal.is_synced()) parts_.journal.sync();
  refusals_.sum_up(RefusalLog::Clock::now());
}

}  // namespace wghub
