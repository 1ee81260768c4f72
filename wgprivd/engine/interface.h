// The one interface, over route netlink and a backend: is it there, is it ours, who is on it; bringing it up.
// Leaves whether anything may be changed to the engine.
#pragma once

#include "wgprivd/engine/device.h"
#include "wgprivd/engine/route_netlink.h"
#include "wgprivd/engine/state.h"

namespace wghub {

class Interface {
 public:
  /// Looks whether it is there and ours; changes nothing. route is asked, news listens to kLinkNews. The parts must
  /// outlive this.
  Interface(std::string name, const HubKey& key, const PolicyFile& policy, Backend& backend, NetlinkSocket& route,
            NetlinkSocket& news);

  /// Reads what rtnetlink tells; the generation grows when the link or its address came, went or changed.
  void read_news();
  std::uint64_t generation() const { return generation_; }

  /// Takes a dump (again, up to three times, when it was interrupted) into the snapshot and the mirror. Each snapshot
  /// has a number of its own, also across runs of the program.
  void inspect();
  std::uint64_t snapshot() const { return snapshot_; }

  /// Copies a page of the snapshot and says what it is; false when the snapshot has been replaced.
  bool copy_page(std::uint64_t snapshot, std::uint32_t cursor, EngineStatusPage& page) const;

  /// Descriptors to wait for: readable when rtnetlink has news; hung up when the implementation is gone (-1: cannot
  /// go).
  int news() const { return news_.descriptor(); }
  int life_line() const { return backend_.life_line(); }

  bool is_ours() const { return ours_; }

  /// Fills in the backend, the generation, and whether the interface is up.
  void describe(EngineReply& reply) const;

  /// What the last whole dump said and we changed since.
  const Mirror& mirror() const { return mirror_; }

  /// The host's networks without those of this interface; nothing when they cannot be read.
  std::optional<std::vector<Network>> host_networks() { return wghub::host_networks(route_, link_.index); }

  /// Inspects, and says whether bring_up() may take the interface: it is ours, absent, or carries nothing yet.
  /// Errors: interface_exists (another key, or no WireGuard interface), failed (it could not be looked at).
  EngineOutcome check_free();

  /// After check_free(): makes the interface where it is absent, gives it the key where it has none, then address,
  /// MTU and up. Returns false, with a log line, when something failed.
  bool bring_up();

  /// Whether the last bring_up() had to make the interface, or give it its key: it began without peers.
  bool was_created() const { return created_; }

  /// Gives the peer these addresses and no others; replaced (nullptr: nobody) goes in the same message. unchanged: it
  /// was so. Such a peer is set once more, in a way that disturbs nothing: it may have been flushed since the last
  /// dump. Errors: interface_missing, failed.
  EngineOutcome set_peer(const PublicKey& key, const EngineAddresses& addresses, const PublicKey* replaced);

  /// Takes the peer off; unchanged: it was not there. Errors: interface_missing, failed.
  EngineOutcome remove_peer(const PublicKey& key);

 private:
  void look();
  bool has_our_key() const { return key_.public_key() && dump_.key == *key_.public_key(); }
  std::optional<Network> hub() const;
  EngineOutcome apply(std::span<const PeerChange> changes);

  std::string name_;
  const HubKey& key_;
  const PolicyFile& policy_;
  Backend& backend_;
  NetlinkSocket& route_;
  NetlinkSocket& news_;
  LinkState link_;
  bool created_ = false;
  Dump dump_;
  int dump_error_ = 0;  ///< how the last inspect() ended; not 0: the snapshot is not whole
  std::uint64_t snapshot_ = 0;
  bool ours_ = false;  ///< link_ is an interface with our key, and the mirror shows it
  Mirror mirror_;
  std::uint64_t generation_ = 0;
};

}  // namespace wghub
