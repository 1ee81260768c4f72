#include "wgprivd/engine/interface_netlink.h"

#include <algorithm>
#include <chrono>

#include "common/log.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

constexpr int kDumpAttempts = 4;  // the first and three more
constexpr std::size_t kBatch = 256;

}  // namespace

Interface::Interface(std::string name, const HubKey& key, const PolicyFile& policy, RouteNetlink& route,
                     Backend& backend)
    : name_(std::move(name)),
      key_(key),
      policy_(policy),
      route_(route),
      backend_(backend),
      generation_(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count())) {
  snapshot_.number = generation_;  // numbers of one run of the program must not look like those of the last
  look();
}

bool Interface::has_our_key() const {
  return key_.public_key() && snapshot_.device.key == *key_.public_key();
}

// The hub's address with the network's prefix.
std::optional<Network> Interface::hub() const {
  if (!policy_.current()) return std::nullopt;
  const auto network = network_of(policy_.current()->policy);
  return Network{first_host(network), network.prefix};
}

void Interface::read_news() {
  if (route_.read_news(name_, link_.index)) look();
}

void Interface::look() {
  const auto now = route_.find(name_, hub());
  if (now == link_) return;
  const bool is_other = now.index != link_.index;
  link_ = now;
  ++generation_;
  log::info("the interface has changed",
            {{"up", link_.up ? "yes" : "no"}, {"address", link_.has_address ? "yes" : "no"}});
  if (is_other) {
    ours_ = false;
    inspect();
  }
}

void Interface::inspect() {
  auto& device = snapshot_.device;
  dumped_ = link_.index == 0 ? BackendOutcome::no_device : BackendOutcome::interrupted;
  for (int attempt = 0; attempt < kDumpAttempts && dumped_ == BackendOutcome::interrupted; ++attempt) {
    dumped_ = backend_.dump(link_.index, device);
  }
  ++snapshot_.number;
  snapshot_.complete = dumped_ == BackendOutcome::done;
  if (dumped_ == BackendOutcome::interrupted) log::warning("the dump was interrupted each time");
  if (dumped_ == BackendOutcome::failed || dumped_ == BackendOutcome::no_device) device.clear();
  if (dumped_ == BackendOutcome::failed) return;
  // The mirror follows only whole dumps: half a mirror would let a held address be given away.
  ours_ = has_our_key() && (snapshot_.complete || ours_);
  if (!has_our_key()) peers_.load({}, {});
  if (has_our_key() && snapshot_.complete) peers_.load(device.peers, device.extra);
}

void Interface::describe(EngineReply& reply) const {
  reply.backend = backend_.kind();
  reply.link_generation = generation_;
  if (ours_ && link_.up && link_.has_address) reply.flags |= EngineReply::kInterfaceUp;
}

bool Interface::copy_page(std::uint64_t snapshot, std::uint32_t cursor, EngineStatusPage& page) const {
  if (snapshot != snapshot_.number) return false;
  const auto& peers = snapshot_.device.peers;
  const std::span rest = std::span(peers).subspan(std::min<std::size_t>(cursor, peers.size()));
  const auto content = rest.first(std::min<std::size_t>(rest.size(), kPeersPerPage));
  std::copy(content.begin(), content.end(), page.peers.begin());
  page.reply.snapshot = snapshot;
  page.reply.peer_count = static_cast<std::uint32_t>(content.size());
  page.reply.next_cursor = cursor + page.reply.peer_count;
  page.reply.total = static_cast<std::uint32_t>(peers.size());
  if (content.size() == rest.size()) page.reply.flags |= EngineReply::kLastPage;
  if (snapshot_.complete) page.reply.flags |= EngineReply::kComplete;
  return true;
}

EngineOutcome Interface::check_free() {
  inspect();
  const auto& device = snapshot_.device;
  // One without key and peers carries nothing: a userspace implementation begins so, or we were cut off making it.
  const bool is_blank = snapshot_.complete && device.key == PublicKey{} && device.peers.empty();
  if (link_.index == 0 || ours_ || is_blank) return EngineOutcome::done;
  const bool is_known = dumped_ != BackendOutcome::failed && !has_our_key();
  return is_known ? EngineOutcome::interface_exists : EngineOutcome::failed;
}

bool Interface::bring_up() {
  const auto policy = policy_.current()->policy;
  created_ = !ours_;
  if (link_.index == 0) {
    if (backend_.create(name_) != BackendOutcome::done) return false;
    look();
  }
  if (created_ || snapshot_.device.port != policy.port) {
    SecretKey private_key;
    if (!key_.unseal(private_key)) return false;
    if (backend_.set_device(link_.index, private_key, policy.port) != BackendOutcome::done) return false;
  }
  if (const int error = route_.bring_up(link_.index, *hub(), policy.mtu); error != 0) {
    log::error("the interface cannot be brought up", {{"interface", name_}, {"errno", std::int64_t{error}}});
    return false;
  }
  look();
  inspect();
  if (!ours_) return false;
  log::info("the interface is up", {{"address", to_string(*hub())}, {"port", std::int64_t{policy.port}}});
  return true;
}

EngineOutcome Interface::set_peer(const PublicKey& key, const EngineAddresses& addresses, const PublicKey* replaced) {
  const bool replacing = replaced != nullptr && peers_.find(*replaced) != nullptr;
  const bool same = peers_.shows(key, addresses);
  const PeerChange changes[] = {
      {PeerChange::Kind::remove, replacing ? *replaced : PublicKey{}, {}},
      {same ? PeerChange::Kind::keep : PeerChange::Kind::set, key, addresses},
  };
  const auto outcome = apply(std::span(changes).subspan(replacing ? 0 : 1));
  return outcome == EngineOutcome::done && same && !replacing ? EngineOutcome::unchanged : outcome;
}

EngineOutcome Interface::remove_peer(const PublicKey& key) {
  const bool known = peers_.find(key) != nullptr;
  const PeerChange change{PeerChange::Kind::remove, key, {}};
  const auto outcome = apply({&change, 1});
  return outcome == EngineOutcome::done && !known ? EngineOutcome::unchanged : outcome;
}

EngineOutcome Interface::apply(std::span<const PeerChange> changes) {
  const auto outcome = backend_.set_peers(link_.index, changes);
  if (outcome == BackendOutcome::no_device) ours_ = false;
  if (outcome == BackendOutcome::no_device) return EngineOutcome::interface_missing;
  if (outcome != BackendOutcome::done) return EngineOutcome::failed;
  for (const auto& change : changes) {
    if (change.kind == PeerChange::Kind::remove) peers_.erase(change.key);
    if (change.kind == PeerChange::Kind::set) peers_.put(change.key, {change.addresses});
  }
  return EngineOutcome::done;
}

std::optional<std::size_t> Interface::set_missing(const std::map<PublicKey, EngineAddresses>& wanted) {
  std::vector<PeerChange> missing;
  for (const auto& [key, addresses] : wanted) {
    if (!peers_.shows(key, addresses)) missing.push_back({PeerChange::Kind::set, key, addresses});
  }
  std::span<const PeerChange> rest = missing;
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), kBatch));
    if (apply(batch) != EngineOutcome::done) return std::nullopt;
    rest = rest.subspan(batch.size());
  }
  return missing.size();
}

}  // namespace wghub
