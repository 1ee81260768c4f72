#include "wgprivd/engine/interface.h"

#include <chrono>

#include "common/log.h"

namespace wghub {
namespace {

using enum EngineOutcome;

constexpr int kDumpAttempts = 4;  // the first and three more

}  // namespace

Interface::Interface(std::string name, const HubKey& key, const PolicyFile& policy, Backend& backend,
                     NetlinkSocket& route, NetlinkSocket& news)
    : name_(std::move(name)), key_(key), policy_(policy), backend_(backend), route_(route), news_(news) {
  // Numbers of one run of the program must not look like those of the last.
  generation_ = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  snapshot_ = generation_;
  look();
}

// The hub's address with the network's prefix.
std::optional<Network> Interface::hub() const {
  if (!policy_.current()) return std::nullopt;
  const auto network = network_of(policy_.current()->policy);
  return Network{first_host(network), network.prefix};
}

void Interface::read_news() {
  if (news_.has_news()) look();
}

void Interface::look() {
  const auto before = std::exchange(link_, find_link(route_, name_, hub()));
  if (link_ == before) return;
  ++generation_;
  log::info("the interface has changed",
            {{"up", link_.up ? "yes" : "no"}, {"address", link_.has_address ? "yes" : "no"}});
  if (link_.index == before.index) return;
  ours_ = false;
  inspect();
}

void Interface::inspect() {
  dump_error_ = link_.index == 0 ? ENODEV : EINTR;
  for (int attempt = 0; attempt < kDumpAttempts && dump_error_ == EINTR; ++attempt) {
    dump_error_ = backend_.dump(link_.index, dump_);
  }
  ++snapshot_;
  if (dump_error_ == EINTR) log::warning("the dump was interrupted each time");
  if (dump_error_ != 0 && dump_error_ != EINTR) dump_ = {};
  if (dump_error_ != 0 && dump_error_ != EINTR && dump_error_ != ENODEV) return;
  // The mirror follows only whole dumps: half a mirror would let a held address be given away.
  ours_ = has_our_key() && (dump_error_ == 0 || ours_);
  if (!has_our_key()) mirror_ = {};
  if (has_our_key() && dump_error_ == 0) mirror_.load(dump_);
}

void Interface::describe(EngineReply& reply) const {
  reply.backend = backend_.kind();
  reply.link_generation = generation_;
  if (ours_ && link_.up && link_.has_address) reply.flags |= EngineReply::kInterfaceUp;
}

bool Interface::copy_page(std::uint64_t snapshot, std::uint32_t cursor, EngineStatusPage& page) const {
  if (snapshot != snapshot_) return false;
  page.reply.snapshot = snapshot;
  fill_page(page, dump_.peers, cursor);
  if (dump_error_ == 0) page.reply.flags |= EngineReply::kComplete;
  return true;
}

EngineOutcome Interface::check_free() {
  inspect();
  // One without key and peers carries nothing: a userspace implementation begins so, or we were cut off making it.
  const bool is_blank = dump_error_ == 0 && dump_.key == PublicKey() && dump_.peers.empty();
  if (link_.index == 0 || ours_ || is_blank) return done;
  const bool is_known = dump_error_ == 0 || dump_error_ == EINTR || dump_error_ == ENODEV;
  return is_known && !has_our_key() ? interface_exists : failed;
}

bool Interface::bring_up() {
  const auto policy = policy_.current()->policy;
  int error = 0;
  created_ = !ours_;
  // A userspace implementation makes its own interface.
  if (link_.index == 0) error = backend_.kind() == EngineBackend::kernel ? create_link(route_, name_) : ENODEV;
  if (link_.index == 0 && error == 0) look();
  if (error == 0 && (created_ || dump_.port != policy.port)) {
    SecretKey private_key;
    error = key_.unseal(private_key) ? backend_.set(link_.index, {&private_key, policy.port, {}}) : EIO;
  }
  if (error == 0) error = bring_link_up(route_, link_.index, *hub(), policy.mtu);
  if (error != 0) log::error("the interface cannot be brought up", {{"errno", std::int64_t{error}}});
  if (error != 0) return false;
  look();
  inspect();
  if (ours_) log::info("the interface is up", {{"address", to_string(*hub())}, {"port", std::int64_t{policy.port}}});
  return ours_;
}

EngineOutcome Interface::set_peer(const PublicKey& key, const EngineAddresses& addresses, const PublicKey* replaced) {
  const bool replacing = replaced != nullptr && mirror_.find(*replaced) != nullptr;
  const bool same = mirror_.shows(key, addresses);
  const PeerChange changes[] = {
      {PeerChange::Kind::remove, replacing ? *replaced : PublicKey(), {}},
      {same ? PeerChange::Kind::keep : PeerChange::Kind::set, key, addresses},
  };
  const auto outcome = apply(std::span(changes).subspan(replacing ? 0 : 1));
  return outcome == done && same && !replacing ? unchanged : outcome;
}

EngineOutcome Interface::remove_peer(const PublicKey& key) {
  const bool known = mirror_.find(key) != nullptr;
  const PeerChange change{PeerChange::Kind::remove, key, {}};
  const auto outcome = apply({&change, 1});
  return outcome == done && !known ? unchanged : outcome;
}

EngineOutcome Interface::apply(std::span<const PeerChange> changes) {
  const int error = backend_.set(link_.index, {.peers = changes});
  if (error == ENODEV) ours_ = false;
  if (error != 0) return error == ENODEV ? interface_missing : failed;
  for (const auto& change : changes) mirror_.apply(change);
  return done;
}

}  // namespace wghub
