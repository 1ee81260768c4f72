#include "wgprivd/engine/engine.h"

#include <algorithm>
#include <cstring>

#include "common/log.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

// What an operation's record may carry besides version, operation and id.
enum Field : unsigned { kKey = 1, kReplaces = 2, kAddresses = 4, kFlags = 8, kPolicy = 16, kSnapshot = 32 };

bool has_only(const EngineRequest& request, unsigned fields) {
  EngineRequest allowed{.operation = request.operation, .id = request.id};
  if ((fields & kKey) != 0) allowed.key = request.key;
  if ((fields & kReplaces) != 0 && (request.flags & EngineRequest::kHasReplaces) != 0) {
    allowed.replaces = request.replaces;
  }
  if ((fields & kAddresses) != 0) allowed.addresses = request.addresses;
  if ((fields & kFlags) != 0) {
    allowed.flags = request.flags & (EngineRequest::kHasReplaces | EngineRequest::kHasPresharedKey);
  }
  if ((fields & kPolicy) != 0) allowed.policy = request.policy;
  if ((fields & kSnapshot) != 0) {
    allowed.snapshot = request.snapshot;
    allowed.cursor = request.cursor;
  }
  return std::memcmp(&allowed, &request, sizeof request) == 0;
}

}  // namespace

struct Engine::Operation {
  EngineOperation operation;
  const char* name;
  unsigned fields;
  EngineOutcome (Engine::*handle)(const EngineRequest&);
};

const Engine::Operation Engine::kOperations[] = {
    {EngineOperation::hello, "hello", 0, &Engine::hello},
    {EngineOperation::generate_key, "generate key", 0, &Engine::generate_key},
    {EngineOperation::configure, "configure", kPolicy, &Engine::configure},
    {EngineOperation::add_peer, "add peer", kKey | kReplaces | kAddresses | kFlags, &Engine::add_peer},
    {EngineOperation::remove_peer, "remove peer", kKey, &Engine::remove_peer},
    {EngineOperation::status, "status", kSnapshot, &Engine::status},
};

const char* name_of(EngineOutcome outcome) {
  static constexpr const char* kNames[] = {"done",
                                           "unchanged",
                                           "deferred",
                                           "interface_missing",
                                           "malformed",
                                           "key_exists",
                                           "key_missing",
                                           "not_configured",
                                           "network_not_allowed",
                                           "network_overlap",
                                           "policy_mismatch",
                                           "interface_exists",
                                           "invalid_key",
                                           "hub_key",
                                           "address_outside",
                                           "address_reserved",
                                           "address_held",
                                           "replaces_mismatch",
                                           "preshared_key",
                                           "stale_snapshot",
                                           "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::span<const std::byte> Engine::answer(std::span<const std::byte> record) {
  read_link_news();
  page_.reply = {};
  page_.reply.outcome = dispatch(record);
  fill(page_.reply);
  const auto used = sizeof page_.reply + page_.reply.peer_count * sizeof(EnginePeer);
  return std::as_bytes(std::span(&page_, 1)).first(used);
}

EngineOutcome Engine::dispatch(std::span<const std::byte> record) {
  EngineRequest request;
  const bool whole = record.size() == sizeof request;
  if (whole) std::memcpy(&request, record.data(), sizeof request);
  page_.reply.id = request.id;
  page_.reply.operation = request.operation;
  const auto* operation = std::find_if(std::begin(kOperations), std::end(kOperations),
                                       [&request](const Operation& o) { return o.operation == request.operation; });
  const bool known = whole && operation != std::end(kOperations);
  auto outcome = EngineOutcome::malformed;
  if (known && has_only(request, operation->fields)) outcome = (this->*operation->handle)(request);
  if (outcome != EngineOutcome::done && outcome != EngineOutcome::unchanged) {
    refusals_.write(known ? operation->name : "unknown", name_of(outcome), request, RefusalLog::Clock::now());
  }
  return outcome;
}

void Engine::fill(EngineReply& reply) const {
  reply.backend = parts_.backend.kind();
  reply.link_generation = generation_;
  if (const auto& key = parts_.key.public_key()) {
    reply.hub_key = key->bytes;
    reply.flags |= EngineReply::kHasKey;
  }
  if (const auto& accepted = parts_.policy.current()) {
    reply.policy = accepted->policy;
    reply.policy_digest = sha256(bytes_of(accepted->policy));
    reply.flags |= EngineReply::kHasPolicy;
  }
  if (ours_ && link_.up && link_.has_address) reply.flags |= EngineReply::kInterfaceUp;
}

EngineReply Engine::link_changed_record() const {
  EngineReply reply{.operation = EngineOperation::link_changed};
  fill(reply);
  return reply;
}

EngineOutcome Engine::hello(const EngineRequest&) {
  return EngineOutcome::done;
}

EngineOutcome Engine::generate_key(const EngineRequest&) {
  if (parts_.key.public_key()) return EngineOutcome::key_exists;
  if (!parts_.key.generate()) return EngineOutcome::failed;
  log::info("the hub's key was made", {{"key", to_base64(*parts_.key.public_key())}});
  return EngineOutcome::done;
}

EngineOutcome Engine::configure(const EngineRequest& request) {
  const auto& wanted = request.policy;
  const auto& current = parts_.policy.current();
  if (!parts_.key.public_key()) return EngineOutcome::key_missing;
  if (const auto refused = check_change(current, wanted); refused != EngineOutcome::done) return refused;
  const bool is_new = !current || !is_same(current->policy, wanted);
  if (is_new) {
    if (const auto refused = check_form(wanted); refused != EngineOutcome::done) return refused;
    const auto host_networks = parts_.route.host_networks(link_.index);
    if (!host_networks) return EngineOutcome::failed;
    if (const auto refused = check_overlap(wanted, *host_networks); refused != EngineOutcome::done) return refused;
  }
  const auto ownership = inspect();
  if (ownership == Ownership::unknown) return EngineOutcome::failed;
  if (ownership == Ownership::foreign) return EngineOutcome::interface_exists;
  if (is_new && !parts_.policy.store({wanted, false})) return EngineOutcome::failed;
  return bring_up(ownership);
}

EngineOutcome Engine::check_peer(const EngineRequest& request, const PublicKey* replaces) const {
  const PublicKey key{request.key};
  if ((request.flags & EngineRequest::kHasPresharedKey) != 0) return EngineOutcome::preshared_key;
  if (!parts_.key.public_key()) return EngineOutcome::key_missing;
  if (const auto refused = check_key(key, *parts_.key.public_key()); refused != EngineOutcome::done) return refused;
  if (!parts_.policy.current()) return EngineOutcome::not_configured;
  const auto refused = check_addresses(parts_.policy.current()->policy, request.addresses);
  if (refused != EngineOutcome::done) return refused;
  if (!ours_) return EngineOutcome::interface_missing;
  return check_holders(peers_, key, request.addresses, replaces);
}

EngineOutcome Engine::add_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  const PublicKey old{request.replaces};
  const bool names_old = (request.flags & EngineRequest::kHasReplaces) != 0;
  const auto refused = check_peer(request, names_old ? &old : nullptr);
  if (refused != EngineOutcome::done) return refused;
  const auto accepted = *parts_.policy.current();
  if (!accepted.fixed && !parts_.policy.store({accepted.policy, true})) return EngineOutcome::failed;

  const bool replacing = names_old && peers_.find(old) != nullptr;
  const auto* entry = peers_.find(key);
  const bool same = entry != nullptr && entry->addresses == request.addresses && !entry->other_addresses;
  // An identical peer is set once more, in a way that disturbs nothing: it may have been flushed since the last dump.
  std::vector<PeerChange> changes;
  if (replacing) changes.push_back({PeerChange::Kind::remove, old, {}});
  changes.push_back({same ? PeerChange::Kind::keep : PeerChange::Kind::set, key, request.addresses});
  if (const auto failed = apply(changes); failed != EngineOutcome::done) return failed;

  if (replacing) peers_.erase(old);
  if (!same) peers_.put(key, {request.addresses});
  if (replacing || !parts_.journal.holds(key, request.addresses)) {
    parts_.journal.add(key, request.addresses, names_old ? &old : nullptr);
  }
  if (names_old && !parts_.journal.sync()) return EngineOutcome::failed;
  if (same && !replacing) return EngineOutcome::unchanged;
  log::info(replacing ? "peer replaced" : "peer set", {{"key", to_base64(key)},
                                                       {"address", to_string(request.addresses)},
                                                       {"replaces", replacing ? to_base64(old) : ""}});
  return EngineOutcome::done;
}

EngineOutcome Engine::remove_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  if (!ours_) return EngineOutcome::interface_missing;
  const PeerChange change{PeerChange::Kind::remove, key, {}};
  if (const auto failed = apply({&change, 1}); failed != EngineOutcome::done) return failed;
  const auto* entry = peers_.find(key);
  const bool known = entry != nullptr || parts_.journal.peers().contains(key);
  const auto addresses = entry != nullptr ? entry->addresses : EngineAddresses{};
  peers_.erase(key);
  parts_.journal.remove(key);
  // Also when nothing was known: an earlier removal may not have reached the disk.
  if (!parts_.journal.sync()) return EngineOutcome::failed;
  if (!known) return EngineOutcome::unchanged;
  log::info("peer removed", {{"key", to_base64(key)}, {"address", to_string(addresses)}});
  return EngineOutcome::done;
}

EngineOutcome Engine::apply(std::span<const PeerChange> changes) {
  const auto outcome = parts_.backend.set_peers(link_.index, changes);
  if (outcome == BackendOutcome::done) return EngineOutcome::done;
  if (outcome == BackendOutcome::no_device) ours_ = false;
  return outcome == BackendOutcome::no_device ? EngineOutcome::interface_missing : EngineOutcome::failed;
}

EngineOutcome Engine::status(const EngineRequest& request) {
  auto& reply = page_.reply;
  reply.flags |= EngineReply::kLastPage;
  if (request.cursor == 0) {
    if (const auto refused = take_snapshot(); refused != EngineOutcome::done) return refused;
  } else if (request.snapshot != snapshot_ || request.cursor > device_.peers.size()) {
    return EngineOutcome::stale_snapshot;
  }
  const std::span rest = std::span(std::as_const(device_.peers)).subspan(request.cursor);
  const auto page = rest.first(std::min<std::size_t>(rest.size(), kPeersPerPage));
  std::copy(page.begin(), page.end(), page_.peers.begin());
  reply.snapshot = snapshot_;
  reply.peer_count = static_cast<std::uint32_t>(page.size());
  reply.next_cursor = request.cursor + reply.peer_count;
  reply.total = static_cast<std::uint32_t>(device_.peers.size());
  if (page.size() < rest.size()) reply.flags &= ~EngineReply::kLastPage;
  if (complete_) reply.flags |= EngineReply::kComplete;
  return EngineOutcome::done;
}

}  // namespace wghub
