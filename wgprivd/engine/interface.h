// The one interface, over route netlink and a backend: is it there, is it ours, who is on it; bringing it up.
// Leaves whether anything may be changed to the engine. Its functions are in here: nobody but the engine includes it.
#pragma once

#include <chrono>

#include "common/log.h"
#include "wgprivd/engine/device.h"
#include "wgprivd/engine/route_netlink.h"
#include "wgprivd/engine/state.h"

namespace wghub {

class Interface {
 public:
  static constexpr int kDumpAttempts = 4;  ///< the first and three more

  /// Looks whether it is there and ours; changes nothing. route is asked, news listens to kLinkNews. The parts must
  /// outlive this.
  Interface(std::string name, const HubKey& key, const PolicyFile& policy, Backend& backend, NetlinkSocket& route,
            NetlinkSocket& news)
      : name_(std::move(name)), key_(key), policy_(policy), backend_(backend), route_(route), news_(news) {
    // Numbers of one run of the program must not look like those of the last.
    generation_ = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    snapshot_ = generation_;
    look();
  }

  /// Reads what rtnetlink tells; the generation grows when the link or its address came, went or changed.
  void read_news() {
    if (news_.drain()) look();
  }
  std::uint64_t generation() const { return generation_; }

  /// Takes a dump (again, up to three times, when it was interrupted) into the snapshot and the mirror. Each snapshot
  /// has a number of its own, also across runs of the program.
  void inspect() {
    dump_error_ = link_.index == 0 ? ENODEV : EINTR;
    for (int attempt = 0; attempt < kDumpAttempts && dump_error_ == EINTR; ++attempt)
      dump_error_ = backend_.dump(link_.index, dump_);
    ++snapshot_;
    if (dump_error_ != 0 && dump_error_ != ENODEV) log::error("no whole dump", {{"errno", std::int64_t{dump_error_}}});
    if (dump_error_ != 0 && dump_error_ != EINTR) dump_ = {};
    if (!is_known()) return;
    // The mirror follows only whole dumps: half a mirror would let a held address be given away.
    ours_ = has_our_key() && (dump_error_ == 0 || ours_);
    if (!has_our_key()) mirror_ = {};
    if (has_our_key() && dump_error_ == 0) mirror_.load(dump_);
  }
  std::uint64_t snapshot() const { return snapshot_; }

  /// Copies a page of the snapshot and says what it is; false when the snapshot has been replaced.
  bool copy_page(std::uint64_t snapshot, std::uint32_t cursor, EngineStatusPage& page) const {
    if (snapshot != snapshot_) return false;
    page.reply.snapshot = snapshot;
    fill_page(page, dump_.peers, cursor);
    if (dump_error_ == 0) page.reply.flags |= EngineReply::kComplete;
    return true;
  }

  /// Descriptors to wait for: readable when rtnetlink has news; hung up when the implementation is gone (-1: cannot
  /// go).
  int news() const { return news_.descriptor(); }
  int life_line() const { return backend_.life_line(); }

  bool is_ours() const { return ours_; }

  /// Fills in the backend, the generation, and whether the interface is up.
  void describe(EngineReply& reply) const {
    reply.backend = backend_.kind();
    reply.link_generation = generation_;
    if (ours_ && link_.up && link_.has_address) reply.flags |= EngineReply::kInterfaceUp;
  }

  /// What the last whole dump said and we changed since.
  const Mirror& mirror() const { return mirror_; }

  /// The host's networks without those of this interface; nothing when they cannot be read.
  std::optional<std::vector<Network>> host_networks() { return wghub::host_networks(route_, link_.index); }

  /// Inspects, and says whether bring_up() may take the interface: it is ours, absent, or carries nothing yet.
  /// Errors: interface_exists (another key, or no WireGuard interface), failed (it could not be looked at).
  EngineOutcome check_free() {
    inspect();
    // One without key and peers carries nothing: a userspace implementation begins so, or we were cut off making it.
    const bool is_blank = dump_error_ == 0 && dump_.key == PublicKey() && dump_.peers.empty();
    if (link_.index == 0 || ours_ || is_blank) return EngineOutcome::done;
    return is_known() && !has_our_key() ? EngineOutcome::interface_exists : EngineOutcome::failed;
  }

  /// After check_free(): makes the interface where it is absent, gives it the key where it has none, then address,
  /// MTU and up. Returns false, with a log line, when something failed. created: it had to be made, or given its key,
  /// so it began without peers.
  bool bring_up(bool& created) {
    const auto policy = policy_.current()->policy;
    created = !ours_;
    int error = 0;
    // A userspace implementation makes its own interface.
    if (link_.index == 0) error = backend_.kind() == EngineBackend::kernel ? create_link(route_, name_) : ENODEV;
    if (link_.index == 0 && error == 0) look();
    if (error == 0 && (created || dump_.port != policy.port)) {
      SecretKey private_key;
      error = key_.unseal(private_key) ? backend_.set(link_.index, {&private_key, policy.port, {}}) : EIO;
    }
    if (error == 0) error = bring_link_up(route_, link_.index, *hub(), policy.mtu);
    look();
    inspect();
    const bool up = error == 0 && ours_;
    if (up) log::info("the interface is up", {{"address", to_string(*hub())}, {"port", std::int64_t{policy.port}}});
    if (!up) log::error("the interface cannot be brought up", {{"errno", std::int64_t{error}}});
    return up;
  }

  /// Gives the peer these addresses and no others; replaced (nullptr: nobody) goes in the same message. unchanged: it
  /// was so. Such a peer is set once more, in a way that disturbs nothing: it may have been flushed since the last
  /// dump. Errors: interface_missing, failed.
  EngineOutcome set_peer(const PublicKey& key, const EngineAddresses& addresses, const PublicKey* replaced) {
    const bool replacing = replaced != nullptr && mirror_.find(*replaced) != nullptr;
    const bool same = mirror_.shows(key, addresses);
    const auto kind = same ? PeerChange::Kind::keep : PeerChange::Kind::set;
    const PeerChange changes[] = {{PeerChange::Kind::remove, replacing ? *replaced : PublicKey(), {}},
                                  {kind, key, addresses}};
    return apply(std::span(changes).subspan(replacing ? 0 : 1), same && !replacing);
  }

  /// Takes the peer off; unchanged: it was not there. Errors: interface_missing, failed.
  EngineOutcome remove_peer(const PublicKey& key) {
    const PeerChange change{PeerChange::Kind::remove, key, {}};
    return apply({&change, 1}, mirror_.find(key) == nullptr);
  }

 private:
  // Of an interrupted dump the beginning must have come, which names the key; after other faults there is none.
  bool is_known() const { return dump_error_ == 0 || dump_error_ == ENODEV || dump_.key != PublicKey(); }
  bool has_our_key() const { return key_.public_key() && dump_.key == *key_.public_key(); }

  // The hub's address with the network's prefix.
  std::optional<Network> hub() const {
    if (!policy_.current()) return std::nullopt;
    const auto network = network_of(policy_.current()->policy);
    return Network{first_host(network), network.prefix};
  }

  void look() {
    const auto before = std::exchange(link_, find_link(route_, name_, hub()));
    if (link_ == before) return;
    ++generation_;
    log::info("the interface has changed",
              {{"up", link_.up ? "yes" : "no"}, {"address", link_.has_address ? "yes" : "no"}});
    if (link_.index == before.index) return;
    ours_ = false;
    inspect();
  }

  EngineOutcome apply(std::span<const PeerChange> changes, bool is_same) {
    const int error = backend_.set(link_.index, {.peers = changes});
    if (error == ENODEV) ours_ = false;
    if (error != 0 && error != ENODEV) log::error("a peer cannot be changed", {{"errno", std::int64_t{error}}});
    if (error != 0) return error == ENODEV ? EngineOutcome::interface_missing : EngineOutcome::failed;
    for (const auto& change : changes) mirror_.apply(change);
    return is_same ? EngineOutcome::unchanged : EngineOutcome::done;
  }

  std::string name_;
  const HubKey& key_;
  const PolicyFile& policy_;
  Backend& backend_;
  NetlinkSocket& route_;
  NetlinkSocket& news_;
  LinkState link_;
  Dump dump_;
  int dump_error_ = 0;  ///< how the last inspect() ended; not 0: the snapshot is not whole
  std::uint64_t snapshot_ = 0;
  bool ours_ = false;  ///< link_ is an interface with our key, and the mirror shows it
  Mirror mirror_;
  std::uint64_t generation_ = 0;
};

}  // namespace wghub
