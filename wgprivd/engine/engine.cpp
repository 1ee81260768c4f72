#include "wgprivd/engine/engine.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

using enum EngineOutcome;

// What an operation's record may carry besides version, operation and id.
enum Fields : unsigned { kNothing = 0, kKey = 1, kPeer = 2, kPolicy = 4, kPage = 8 };

bool has_only(const EngineRequest& request, Fields fields) {
  EngineRequest allowed{.operation = request.operation, .id = request.id};
  if (fields == kKey || fields == kPeer) allowed.key = request.key;
  if (fields == kPeer) {
    allowed.flags = request.flags & (EngineRequest::kHasReplaces | EngineRequest::kHasPresharedKey);
    if ((request.flags & EngineRequest::kHasReplaces) != 0) allowed.replaces = request.replaces;
    allowed.addresses = request.addresses;
  }
  if (fields == kPolicy) allowed.policy = request.policy;
  if (fields == kPage) allowed.snapshot = request.snapshot;
  if (fields == kPage) allowed.cursor = request.cursor;
  return std::memcmp(&allowed, &request, sizeof request) == 0;
}

// clang-format off
constexpr const char* kNames[] = {  // of EngineOutcome, in its order
    "done", "unchanged", "deferred", "interface_missing", "malformed", "key_exists", "key_missing", "not_configured",
    "network_not_allowed", "network_overlap", "policy_mismatch", "interface_exists", "invalid_key", "hub_key",
    "address_outside", "address_reserved", "address_held", "replaces_mismatch", "preshared_key", "stale_snapshot",
    "failed"};
// clang-format on

}  // namespace

struct Engine::Operation {
  EngineOperation operation;
  const char* name;
  Fields fields;
  EngineOutcome (*handle)(Engine&, const EngineRequest&);
};

const Engine::Operation Engine::kOperations[] = {
    {EngineOperation::hello, "hello", kNothing, [](Engine&, const EngineRequest&) { return done; }},
    {EngineOperation::generate_key, "generate key", kNothing,
     [](Engine& e, const EngineRequest&) { return e.generate_key(); }},
    {EngineOperation::configure, "configure", kPolicy,
     [](Engine& e, const EngineRequest& r) { return e.configure(r.policy); }},
    {EngineOperation::add_peer, "add peer", kPeer, [](Engine& e, const EngineRequest& r) { return e.add_peer(r); }},
    {EngineOperation::remove_peer, "remove peer", kKey,
     [](Engine& e, const EngineRequest& r) { return e.remove_peer(PublicKey{r.key}); }},
    {EngineOperation::status, "status", kPage,
     [](Engine& e, const EngineRequest& r) { return e.status(r.snapshot, r.cursor); }},
};

Engine::Engine(HubKey& key, PolicyFile& policy, Journal& journal, Interface& interface)
    : key_(key), policy_(policy), journal_(journal), interface_(interface) {
  expect_ours();
}

std::span<const std::byte> Engine::answer(std::span<const std::byte> record) {
  interface_.read_news();
  page_.reply = {};
  page_.reply.outcome = dispatch(record);
  describe(page_.reply);
  return std::as_bytes(std::span(&page_, 1)).first(sizeof(EngineReply) + page_.reply.peer_count * sizeof(EnginePeer));
}

EngineOutcome Engine::dispatch(std::span<const std::byte> record) {
  EngineRequest request;
  if (record.size() == sizeof request) std::memcpy(&request, record.data(), sizeof request);
  page_.reply.id = request.id;
  page_.reply.operation = request.operation;
  const auto* operation = std::find_if(std::begin(kOperations), std::end(kOperations),
                                       [&request](const auto& known) { return known.operation == request.operation; });
  const bool known = operation != std::end(kOperations);
  const auto outcome = known && has_only(request, operation->fields) ? operation->handle(*this, request) : malformed;
  if (outcome != done && outcome != unchanged) log_refusal(known ? operation->name : "unknown", outcome, request);
  return outcome;
}

void Engine::describe(EngineReply& reply) const {
  reply.backend = interface_.backend();
  reply.link_generation = interface_.generation();
  if (const auto& key = key_.public_key()) {
    reply.hub_key = key->bytes;
    reply.flags |= EngineReply::kHasKey;
  }
  if (const auto& accepted = policy_.current()) {
    reply.policy = accepted->policy;
    reply.policy_digest = sha256(bytes_of(accepted->policy));
    reply.flags |= EngineReply::kHasPolicy;
  }
  if (interface_.is_up()) reply.flags |= EngineReply::kInterfaceUp;
}

EngineOutcome Engine::generate_key() {
  if (key_.public_key()) return key_exists;
  if (!key_.generate()) return failed;
  log::info("the hub's key was made", {{"key", to_base64(*key_.public_key())}});
  expect_ours();
  return done;
}

EngineOutcome Engine::configure(const EnginePolicy& wanted) {
  if (!key_.public_key()) return key_missing;
  if (const auto refused = check_policy(wanted); refused != done) return refused;
  if (const auto refused = interface_.check_free(); refused != done) return refused;
  const bool is_new = !policy_.current() || !is_same(policy_.current()->policy, wanted);
  if (is_new && !policy_.store(wanted, false)) return failed;
  expect_ours();
  if (!interface_.bring_up(key_)) return failed;
  if (interface_.was_created()) page_.reply.flags |= EngineReply::kCreated;
  return done;
}

EngineOutcome Engine::check_policy(const EnginePolicy& wanted) {
  const auto& current = policy_.current();
  if (current && is_same(current->policy, wanted)) return done;
  if (current && current->fixed) return policy_mismatch;
  if (const auto refused = check_form(wanted); refused != done) return refused;
  const auto host_networks = interface_.host_networks();
  return host_networks ? check_overlap(wanted, *host_networks) : failed;
}

EngineOutcome Engine::check_peer(const EngineRequest& request, const PublicKey* replaces) const {
  const PublicKey key{request.key};
  if ((request.flags & EngineRequest::kHasPresharedKey) != 0) return preshared_key;
  if (!key_.public_key()) return key_missing;
  if (const auto refused = check_key(key, *key_.public_key()); refused != done) return refused;
  if (!policy_.current()) return not_configured;
  const auto refused = check_addresses(policy_.current()->policy, request.addresses);
  if (refused != done) return refused;
  return interface_.is_ours() ? check_holders(interface_.peers(), key, request.addresses, replaces) : interface_missing;
}

EngineOutcome Engine::add_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  const PublicKey old{request.replaces};
  const bool names_old = (request.flags & EngineRequest::kHasReplaces) != 0;
  if (const auto refused = check_peer(request, names_old ? &old : nullptr); refused != done) return refused;
  if (policy_.current()->fixed == 0 && !policy_.store(EnginePolicy{policy_.current()->policy}, true)) return failed;

  const bool replacing = names_old && interface_.peers().find(old) != nullptr;
  const bool same = interface_.peers().shows(key, request.addresses);
  // An identical peer is set once more, in a way that disturbs nothing: it may have been flushed since the last dump.
  const PeerChange changes[] = {
      {PeerChange::Kind::remove, old, {}},
      {same ? PeerChange::Kind::keep : PeerChange::Kind::set, key, request.addresses},
  };
  if (const auto fault = interface_.apply(std::span(changes).subspan(replacing ? 0 : 1)); fault != done) return fault;

  const auto noted = journal_.peers().find(key);
  const bool is_noted = noted != journal_.peers().end() && noted->second == request.addresses;
  if (names_old || !is_noted) journal_.add(key, request.addresses, old);
  if (names_old && !journal_.sync()) return failed;
  if (same && !replacing) return unchanged;
  log::info(replacing ? "peer replaced" : "peer set", {{"key", to_base64(key)},
                                                       {"address", to_string(request.addresses)},
                                                       {"replaces", replacing ? to_base64(old) : ""}});
  return done;
}

EngineOutcome Engine::remove_peer(const PublicKey& key) {
  if (!interface_.is_ours()) return interface_missing;
  const auto* entry = interface_.peers().find(key);
  const bool known = entry != nullptr || journal_.peers().contains(key);
  const auto addresses = entry != nullptr ? entry->addresses : EngineAddresses{};
  const PeerChange change{PeerChange::Kind::remove, key, {}};
  if (const auto fault = interface_.apply({&change, 1}); fault != done) return fault;
  journal_.remove(key);
  // Also when nothing was known: an earlier removal may not have reached the disk.
  if (!journal_.sync()) return failed;
  if (!known) return unchanged;
  log::info("peer removed", {{"key", to_base64(key)}, {"address", to_string(addresses)}});
  return done;
}

EngineOutcome Engine::status(std::uint64_t number, std::uint32_t cursor) {
  auto& reply = page_.reply;
  reply.flags |= EngineReply::kLastPage;
  if (cursor == 0) interface_.inspect();
  const auto& snapshot = interface_.snapshot();
  const auto& peers = snapshot.device.peers;
  if (cursor == 0 && !interface_.is_ours()) return interface_missing;
  if (cursor != 0 && number != snapshot.number) return stale_snapshot;
  const auto first = std::min<std::size_t>(cursor, peers.size());
  reply.peer_count = static_cast<std::uint32_t>(std::min<std::size_t>(peers.size() - first, kPeersPerPage));
  std::copy_n(peers.begin() + static_cast<std::ptrdiff_t>(first), reply.peer_count, page_.peers.begin());
  reply.snapshot = snapshot.number;
  reply.next_cursor = static_cast<std::uint32_t>(first) + reply.peer_count;
  reply.total = static_cast<std::uint32_t>(peers.size());
  if (reply.next_cursor < reply.total) reply.flags &= ~EngineReply::kLastPage;
  if (snapshot.complete) reply.flags |= EngineReply::kComplete;
  return done;
}

void Engine::expect_ours() {
  interface_.expect(key_.public_key(), policy_.current() ? &policy_.current()->policy : nullptr);
}

bool Engine::restore() {
  const bool has_something = policy_.current() && key_.public_key();
  if (!has_something) log::info("nothing to restore");
  if (!has_something) return true;
  const auto refused = interface_.check_free();
  if (refused != done) log::error("nothing restored", {{"reason", kNames[static_cast<std::size_t>(refused)]}});
  if (refused != done || !interface_.bring_up(key_)) return false;
  const auto count = interface_.set_missing(journal_.peers());
  if (count) log::info("the interface is restored", {{"peers", std::to_string(*count)}});
  return count.has_value();
}

void Engine::tick() {
  journal_.sync();
  if (refusals_ > kRefusalLinesPerSecond) {
    log::warning("more was refused", {{"count", static_cast<std::int64_t>(refusals_ - kRefusalLinesPerSecond)}});
  }
  refusals_ = 0;
}

void Engine::log_refusal(const char* operation, EngineOutcome outcome, const EngineRequest& request) {
  if (++refusals_ > kRefusalLinesPerSecond) return;
  log::warning("refused", {{"operation", operation},
                           {"reason", kNames[static_cast<std::size_t>(outcome)]},
                           {"key", to_base64(PublicKey{request.key})},
                           {"address", to_string(request.addresses)}});
}

}  // namespace wghub
