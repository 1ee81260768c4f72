#include "wgprivd/engine/engine.h"

#include <algorithm>

#include "common/crash_point.h"
#include "common/log.h"
#include "wgprivd/engine/policy.h"

namespace wghub {
namespace {

using enum EngineOutcome;

constexpr auto kReplaces = EngineRequest::kHasReplaces;
constexpr auto kPresharedKey = EngineRequest::kHasPresharedKey;

void log_peer(const char* what, const PublicKey& key, const EngineAddresses& addresses, const std::string& replaced) {
  log::info(what, {{"key", to_base64(key)}, {"address", to_string(addresses)}, {"replaces", replaced}});
}

}  // namespace

// All that the engine does. Bits of a record's flags that an operation does not know are refused.
struct Engine::Operation {
  EngineOperation operation;
  std::uint32_t flags;
  const char* name;
  EngineOutcome (Engine::*handle)(const EngineRequest&);
};

const Engine::Operation Engine::kOperations[] = {
    {EngineOperation::hello, 0, "hello", &Engine::hello},
    {EngineOperation::generate_key, 0, "generate key", &Engine::generate_key},
    {EngineOperation::configure, 0, "configure", &Engine::configure},
    {EngineOperation::add_peer, kReplaces | kPresharedKey, "add peer", &Engine::add_peer},
    {EngineOperation::remove_peer, 0, "remove peer", &Engine::remove_peer},
    {EngineOperation::status, 0, "status", &Engine::status},
};

Engine::Engine(HubKey& key, PolicyFile& policy, Journal& journal, Interface& interface)
    : key_(key), policy_(policy), journal_(journal), interface_(interface) {}

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
  if (sound) WGHUB_CRASH_POINT("engine.begin.", found->name);
  const auto outcome = sound ? (this->*found->handle)(request) : malformed;
  if (sound) WGHUB_CRASH_POINT("engine.end.", found->name);
  if (outcome == done || outcome == unchanged) return outcome;
  refusals_.say("refused", {{"operation", known ? found->name : "unknown"},
                            {"reason", name_of(outcome)},
                            {"key", to_base64(PublicKey{request.key})},
                            {"address", to_string(request.addresses)}});
  return outcome;
}

void Engine::describe(EngineReply& reply) const {
  interface_.describe(reply);
  if (const auto& key = key_.public_key()) {
    reply.hub_key = key->bytes;
    reply.flags |= EngineReply::kHasKey;
  }
  if (const auto& accepted = policy_.current()) {
    reply.policy = accepted->policy;
    reply.policy_digest = sha256(bytes_of(accepted->policy));
    reply.flags |= EngineReply::kHasPolicy;
  }
}

EngineOutcome Engine::hello(const EngineRequest&) { return done; }

EngineOutcome Engine::generate_key(const EngineRequest&) {
  if (key_.public_key()) return key_exists;
  if (!key_.generate()) return failed;
  log::info("the hub's key was made", {{"key", to_base64(*key_.public_key())}});
  return done;
}

EngineOutcome Engine::configure(const EngineRequest& request) {
  const auto& current = policy_.current();
  const bool is_new = !current || current->policy != request.policy;
  if (!key_.public_key()) return key_missing;
  if (is_new && current && current->fixed != 0) return policy_mismatch;
  if (is_new) {
    if (const auto refused = check_form(request.policy); refused != done) return refused;
    const auto host_networks = interface_.host_networks();
    if (!host_networks) return failed;
    if (const auto refused = check_overlap(request.policy, *host_networks); refused != done) return refused;
  }
  if (const auto refused = interface_.check_free(); refused != done) return refused;
  if (is_new && !policy_.store({.policy = request.policy})) return failed;
  bool created = false;
  if (!interface_.bring_up(created)) return failed;
  if (created) page_.reply.flags |= EngineReply::kCreated;
  return done;
}

EngineOutcome Engine::check_peer(const EngineRequest& request, const PublicKey* replaces) const {
  const PublicKey key{request.key};
  if ((request.flags & kPresharedKey) != 0) return preshared_key;
  if (!key_.public_key()) return key_missing;
  if (const auto refused = check_key(key, *key_.public_key()); refused != done) return refused;
  if (!policy_.current()) return not_configured;
  const auto refused = check_addresses(policy_.current()->policy, request.addresses);
  if (refused != done) return refused;
  return interface_.is_ours() ? check_holders(interface_.mirror(), journal_.content(), key, request.addresses, replaces)
                              : interface_missing;
}

EngineOutcome Engine::add_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  const bool names_old = (request.flags & kReplaces) != 0;
  const PublicKey old = names_old ? PublicKey{request.replaces} : PublicKey{};
  if (const auto refused = check_peer(request, names_old ? &old : nullptr); refused != done) return refused;
  if (policy_.current()->fixed == 0 && !policy_.store({.fixed = 1, .policy = policy_.current()->policy})) return failed;

  const auto outcome = interface_.set_peer(key, request.addresses, names_old ? &old : nullptr);
  if (outcome != done && outcome != unchanged) return outcome;
  const auto* noted = find_in(journal_.content(), key);
  if (noted == nullptr || *noted != request.addresses || journal_.content().contains(old))
    journal_.put(key, request.addresses, old);
  if (names_old && !journal_.sync()) return failed;
  if (outcome == done) log_peer("peer set", key, request.addresses, names_old ? to_base64(old) : "");
  return outcome;
}

EngineOutcome Engine::remove_peer(const EngineRequest& request) {
  const PublicKey key{request.key};
  if (!interface_.is_ours()) return interface_missing;
  const auto* noted = find_in(journal_.content(), key);
  const bool was_noted = noted != nullptr;
  const auto* shown = interface_.mirror().find(key);
  const auto addresses = was_noted ? *noted : shown != nullptr ? *shown : EngineAddresses();
  const auto outcome = interface_.remove_peer(key);
  if (outcome != done && outcome != unchanged) return outcome;
  journal_.erase(key);
  // Also when nothing was known: an earlier removal may not have reached the disk.
  if (!journal_.sync()) return failed;
  if (outcome == unchanged && !was_noted) return unchanged;
  log_peer("peer removed", key, addresses, "");
  return done;
}

EngineOutcome Engine::status(const EngineRequest& request) {
  const bool is_first = request.cursor == 0;
  if (is_first) interface_.inspect();
  if (is_first && !interface_.is_ours()) return interface_missing;
  const auto snapshot = is_first ? interface_.snapshot() : request.snapshot;
  return interface_.copy_page(snapshot, request.cursor, page_) ? done : stale_snapshot;
}

bool Engine::restore() {
  const bool is_empty = !policy_.current() || !key_.public_key();
  if (is_empty) log::info("nothing to restore");
  if (is_empty) return true;
  bool created = false;
  const auto refused = interface_.check_free();
  if (refused != done) log::error("nothing restored", {{"reason", name_of(refused)}});
  if (refused != done || !interface_.bring_up(created)) return false;
  std::int64_t set = 0;
  for (const auto& [key, addresses] : journal_.content()) {
    const auto outcome = interface_.set_peer(key, addresses, nullptr);
    if (outcome != done && outcome != unchanged) return false;
    if (outcome == done) ++set;
  }
  log::info("the interface is restored", {{"peers", set}});
  return true;
}

void Engine::tick() {
  journal_.sync();
  refusals_.start_again("more was refused");
}

}  // namespace wghub
