#include "wgprivd/engine/engine.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

using enum EngineOutcome;

constexpr auto kReplaces = EngineRequest::kHasReplaces;
constexpr auto kPresharedKey = EngineRequest::kHasPresharedKey;

// clang-format off
constexpr const char* kNames[] = {  // of EngineOutcome, in its order
    "done", "unchanged", "deferred", "interface_missing", "malformed", "key_exists", "key_missing", "not_configured",
    "network_not_allowed", "network_overlap", "policy_mismatch", "interface_exists", "invalid_key", "hub_key",
    "address_outside", "address_reserved", "address_held", "replaces_mismatch", "preshared_key", "stale_snapshot",
    "failed"};
// clang-format on

}  // namespace

// All that the engine does. Bits of a record's flags that an operation does not know are refused.
struct Engine::Operation {
  EngineOperation operation;
  const char* name;
  std::uint32_t flags;
  EngineOutcome (Engine::*handle)(const EngineRequest&);
};

const Engine::Operation Engine::kOperations[] = {
    {EngineOperation::hello, "hello", 0, &Engine::hello},
    {EngineOperation::generate_key, "generate key", 0, &Engine::generate_key},
    {EngineOperation::configure, "configure", 0, &Engine::configure},
    {EngineOperation::add_peer, "add peer", kReplaces | kPresharedKey, &Engine::add_peer},
    {EngineOperation::remove_peer, "remove peer", 0, &Engine::remove_peer},
    {EngineOperation::status, "status", 0, &Engine::status},
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
  const auto* found = std::find_if(std::begin(kOperations), std::end(kOperations),
                                   [&request](const auto& known) { return known.operation == request.operation; });
  const bool known = found != std::end(kOperations);
  const bool sound =
      known && request.version == kEngineVersion && (request.flags & ~found->flags) == 0 && request.reserved == 0;
  const auto outcome = sound ? (this->*found->handle)(request) : malformed;
  if (outcome != done && outcome != unchanged) log_refusal(known ? found->name : "unknown", outcome, request);
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

EngineOutcome Engine::hello(const EngineRequest&) {
  return done;
}

EngineOutcome Engine::generate_key(const EngineRequest&) {
  if (key_.public_key()) return key_exists;
  if (!key_.generate()) return failed;
  log::info("the hub's key was made", {{"key", to_base64(*key_.public_key())}});
  expect_ours();
  return done;
}

EngineOutcome Engine::configure(const EngineRequest& request) {
  const auto& wanted = request.policy;
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
  if ((request.flags & kPresharedKey) != 0) return preshared_key;
  if (!key_.public_key()) return key_missing;
  if (const auto refused = check_key(key, *key_.public_key()); refused != done) return refused;
  if (!policy_.current()) return not_configured;
  const auto refused = check_addresses(policy_.current()->policy, request.addresses);
  if (refused != done) return refused;
  return interface_.is_ours() ? check_holders(interface_.peers(), key, request.addresses, replaces) : interface_missing;
}

EngineOutcome Engine::add_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  const bool names_old = (request.flags & kReplaces) != 0;
  const PublicKey old = names_old ? PublicKey{request.replaces} : PublicKey{};
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
  if (!is_noted || journal_.peers().contains(old)) journal_.add(key, request.addresses, old);
  if (names_old && !journal_.sync()) return failed;
  if (same && !replacing) return unchanged;
  log::info(replacing ? "peer replaced" : "peer set", {{"key", to_base64(key)},
                                                       {"address", to_string(request.addresses)},
                                                       {"replaces", replacing ? to_base64(old) : ""}});
  return done;
}

EngineOutcome Engine::remove_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
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

EngineOutcome Engine::status(const EngineRequest& request) {
  auto& reply = page_.reply;
  if (request.cursor == 0) interface_.inspect();
  const auto& snapshot = interface_.snapshot();
  if (request.cursor == 0 && !interface_.is_ours()) return interface_missing;
  if (request.cursor != 0 && request.snapshot != snapshot.number) return stale_snapshot;
  const auto page = snapshot.page(request.cursor, kPeersPerPage);
  std::copy(page.begin(), page.end(), page_.peers.begin());
  reply.snapshot = snapshot.number;
  reply.peer_count = static_cast<std::uint32_t>(page.size());
  reply.next_cursor = request.cursor + reply.peer_count;
  reply.total = static_cast<std::uint32_t>(snapshot.device.peers.size());
  if (reply.next_cursor >= reply.total) reply.flags |= EngineReply::kLastPage;
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
