#include "apid/service/spoke_service.h"

#include <utility>

#include "apid/service/identifiers.h"
#include "apid/service/removal_watch.h"
#include "common/crash_point.h"
#include "common/log.h"

namespace wghub {
namespace {

constexpr std::int64_t kRepeatGraceSeconds = 60 * 60;

Error unavailable() {
  Error error(ErrorCode::helper_unavailable);
  error.retry_after = std::chrono::seconds(2);
  return error;
}

Error already_used(const Token& token) {
  Error error(ErrorCode::token_already_used);
  error.used_at = token.used_at;
  error.token_hash_hex = token.hash;
  return error;
}

bool is_on(PeerOutcome outcome) { return outcome == PeerOutcome::done || outcome == PeerOutcome::unchanged; }

// What a refusal by the engine says to the client (D16).
Error refusal_error(PeerOutcome outcome) {
  switch (outcome) {
    case PeerOutcome::hub_key:
      return ErrorCode::public_key_already_registered;
    case PeerOutcome::address_held:
    case PeerOutcome::replaces_mismatch:
      return ErrorCode::ip_already_allocated;
    default:
      return ErrorCode::policy_mismatch;
  }
}

WantedPeer wanted(const Spoke& spoke) {
  WantedPeer peer;
  peer.key = spoke.public_key;
  (spoke.address.family == Family::ipv4 ? peer.ipv4 : peer.ipv6) = spoke.address;
  peer.replaces = spoke.replaces_key;
  return peer;
}

boost::json::object describe(const Spoke& spoke) {
  return {{"name", spoke.name},
          {"publicKey", to_base64(spoke.public_key)},
          {"address", to_string(spoke.address)},
          {"os", to_text(spoke.os)}};
}

}  // namespace

SpokeService::SpokeService(Stores& stores, AuditTrail& audit, EventSink& events, TokenService& tokens,
                           SpokeSurroundings surroundings)
    : stores_(stores), audit_(audit), events_(events), tokens_(tokens), around_(std::move(surroundings)) {}

Outcome<Spoke> SpokeService::register_spoke(const RegisterRequest& request, const Actor& actor) {
  if (!is_usable(request.key)) return ErrorCode::invalid_public_key;
  const auto committed = stores_.database.write<Registration>(
      [&](store::Transaction& t) { return commit_registration(t, request, actor); });
  if (!committed) return committed.error();
  const auto& registration = *committed;
  if (registration.refusal) {
    if (registration.is_new) {  // the first refusal of a second key: the alarm was recorded just now
      log::warning("a second key was offered for a token", {{"spoke_id", registration.spoke.id}});
      events_.publish({"alarm", registration.spoke.registered_at, second_key_alarm(registration.spoke.id, actor)});
    }
    return *registration.refusal;
  }
  WGHUB_CRASH_POINT("register.committed");
  if (registration.is_new) {
    around_.peers_changed();
    tell_of_cluster(registration);
  }
  auto up = bring_up(registration.spoke, actor);
  if (up && registration.is_new) events_.publish({"spoke.registered", up->registered_at, *up});
  return up;
}

void SpokeService::tell_of_cluster(const Registration& registration) {
  const Spoke& spoke = registration.spoke;
  if (registration.new_cluster) events_.publish({"cluster.created", spoke.registered_at, *registration.new_cluster});
  if (!spoke.node_conflict) return;
  log::warning("two spokes are the same node of a cluster", {{"spoke_id", spoke.id}});
  events_.publish({"alarm", spoke.registered_at,
                   Alarm{"node-conflict", spoke.id, "Two machines say that they are the same node of a cluster."}});
}

Outcome<SpokeService::Registration> SpokeService::commit_registration(store::Transaction& t,
                                                                      const RegisterRequest& request,
                                                                      const Actor& actor) {
  const auto token = stores_.tokens.find_by_hash(t, sha256_hex(request.token.reveal()));
  if (!is_token_form(request.token.reveal())) return ErrorCode::token_malformed;  // after as long as an unknown one
  if (!token) return tokens_.unknown_token(actor, store::now_of(t));
  if (token->state == TokenState::registered) return registered_before(t, *token, request, actor);
  const TokenState state = state_at(*token, store::now_of(t));
  if (state == TokenState::revoked || state == TokenState::expired)
    return token_refusal(*token, store::now_of(t)).value_or(ErrorCode::internal);
  if (request.key == token->hub_public_key) return ErrorCode::public_key_already_registered;
  const auto holder = stores_.spokes.find_live_by_key(t, request.key);
  if (holder && (holder->id != token->spoke_id || holder->removing_at)) return ErrorCode::public_key_already_registered;
  if (!stores_.tokens.bind(t, token->id, request.key)) return already_used(*token);
  WGHUB_CRASH_POINT("register.bound");
  Registration registration = make_spoke(t, *token, request, actor);
  WGHUB_CRASH_POINT("register.stored");
  audit_.record(t, actor, "spoke.registered", registration.spoke.id, describe(registration.spoke));
  if (registration.spoke.node_conflict) {
    audit_.record(t, actor, "alarm.node-conflict", registration.spoke.id,
                  {{"spokeName", registration.spoke.name},
                   {"clusterId", *registration.spoke.proxmox_cluster_id},
                   {"nodeName", *registration.spoke.proxmox_node_name},
                   {"publicKey", to_base64(request.key)}});
  }
  return registration;
}

Outcome<SpokeService::Registration> SpokeService::registered_before(store::Transaction& t, const Token& token,
                                                                    const RegisterRequest& request,
                                                                    const Actor& actor) {
  Registration registration;
  const auto spoke = stores_.spokes.find(t, token.spoke_id);
  if (token.bound_key == request.key && spoke && !spoke->removing_at) {
    if (store::now_of(t) > token.expires_at + kRepeatGraceSeconds) return already_used(token);
    registration.spoke = *spoke;
    registration.spoke.node_conflict = around_.clusters.is_doubled(t, *spoke);
    return registration;
  }
  registration.refusal = already_used(token);
  if (token.bound_key == request.key) return registration;
  registration.is_new = stores_.tokens.mark_alarmed(t, token.id);
  registration.spoke.id = token.spoke_id;
  registration.spoke.registered_at = store::now_of(t);
  if (registration.is_new) {
    audit_.record_denied(
        t, actor, "alarm.second-key", token.id,
        {{"spokeId", token.spoke_id}, {"spokeName", token.spoke_name}, {"publicKey", to_base64(request.key)}});
  }
  return registration;
}

SpokeService::Registration SpokeService::make_spoke(store::Transaction& t, const Token& token,
                                                    const RegisterRequest& request, const Actor& actor) {
  Registration registration;
  registration.is_new = true;
  Spoke& spoke = registration.spoke;
  spoke.id = token.spoke_id;
  spoke.token_id = token.id;
  spoke.name = token.spoke_name;
  spoke.public_key = request.key;
  spoke.address = token.address;
  spoke.network = token.network;
  spoke.registered_at = store::now_of(t);
  spoke.os = request.os;
  spoke.is_proxmox = request.is_proxmox;
  spoke.proxmox_node_name = request.proxmox_node_name;
  spoke.proxmox_version = request.proxmox_version;
  spoke.proxmox_cluster_name = request.proxmox_cluster_name;
  spoke.metadata = request.metadata;
  const auto before = stores_.spokes.find(t, token.spoke_id);  // a reissue of a registered spoke
  auto joined = around_.clusters.join(t, spoke, before, request.told, actor);
  spoke.proxmox_cluster_id = joined.cluster_id;
  registration.new_cluster = std::move(joined.made);
  spoke.node_conflict = around_.clusters.is_doubled(t, spoke);
  if (!before) {
    stores_.spokes.insert(t, spoke);
    return registration;
  }
  if (before->public_key != request.key) spoke.replaces_key = before->public_key;
  // A replacement that never reached the interface: the key that is there is still the one before it.
  if (before->replaces_key) spoke.replaces_key = before->replaces_key;
  if (spoke.replaces_key == request.key) spoke.replaces_key.reset();
  WGHUB_CRASH_POINT("register.replacing");
  stores_.spokes.replace(t, spoke);
  return registration;
}

Outcome<Spoke> SpokeService::bring_up(const Spoke& spoke, const Actor& actor) {
  const auto guard = around_.locks.lock(spoke.id);
  if (!guard) return unavailable();
  // A removal may have come between the commit and the lock; then the peer must not appear.
  const auto now = stores_.database.read<std::optional<Spoke>>(
      [&](store::Transaction& t) -> Outcome<std::optional<Spoke>> { return stores_.spokes.find(t, spoke.id); });
  if (!now) return now.error();
  if (!*now || (*now)->removing_at || (*now)->public_key != spoke.public_key) return ErrorCode::token_revoked;
  Spoke current = **now;
  WGHUB_CRASH_POINT("register.adding");
  const PeerOutcome outcome = around_.helper.add_peer(wanted(current));
  WGHUB_CRASH_POINT("register.added");
  if (is_refusal(outcome)) {
    take_back(current, outcome, actor);
    return refusal_error(outcome);
  }
  if (!is_on(outcome)) return unavailable();
  around_.tracker.overlay(current);
  current.node_conflict = spoke.node_conflict;
  return current;
}

void SpokeService::take_back(const Spoke& spoke, PeerOutcome outcome, const Actor& actor) {
  log::error("the helper refused a registered peer", {{"spoke_id", spoke.id}, {"outcome", to_text(outcome)}});
  const auto taken = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    const auto current = stores_.spokes.find(t, spoke.id);
    if (!current || current->removing_at || current->public_key != spoke.public_key) return Done{};
    const bool replaced = spoke.replaces_key.has_value();
    if (replaced) {  // the old key works on
      Spoke old = *current;
      old.public_key = *spoke.replaces_key;
      old.replaces_key.reset();
      stores_.spokes.replace(t, old);
      stores_.spokes.confirm_replaced(t, spoke.id, spoke.public_key);  // the refused key is nowhere to be replaced
    } else {
      stores_.spokes.erase(t, spoke.id);
    }
    WGHUB_CRASH_POINT("refusal.marked");
    stores_.tokens.unbind(t, spoke.token_id, !replaced);
    audit_.record_denied(t, actor, "spoke.refused", spoke.id,
                         {{"publicKey", to_base64(spoke.public_key)}, {"reason", to_text(outcome)}});
    return Done{};
  });
  WGHUB_CRASH_POINT("refusal.committed");
  if (!taken) log::error("a refused registration could not be taken back", {{"spoke_id", spoke.id}});
  around_.peers_changed();
}

Outcome<SpokeList> SpokeService::list(const store::SpokeFilter& filter, const PageRequest& page) {
  auto list = stores_.database.read<SpokeList>([&](store::Transaction& t) -> Outcome<SpokeList> {
    auto found = stores_.spokes.list(t, filter, page);
    return SpokeList{std::move(found.items), std::move(found.next), stores_.spokes.counts(t)};
  });
  if (list)
    for (auto& spoke : list->spokes) around_.tracker.overlay(spoke);
  return list;
}

Outcome<SpokeDetails> SpokeService::details(const std::string& id) {
  auto found = stores_.database.read<SpokeDetails>([&](store::Transaction& t) -> Outcome<SpokeDetails> {
    auto spoke = stores_.spokes.find(t, id);
    if (!spoke || spoke->removed_at) return ErrorCode::spoke_not_found;
    return SpokeDetails{std::move(*spoke), std::nullopt};
  });
  if (!found) return found;
  around_.tracker.overlay(found->spoke);
  if (const auto view = around_.tracker.find(id, found->spoke.public_key)) found->peer = view->peer;
  return found;
}

Outcome<Done> SpokeService::remove(const std::string& id, const Actor& actor) {
  const auto guard = around_.locks.lock(id);
  if (!guard) return unavailable();
  std::optional<Alarm> alarm;
  std::int64_t removed_at = 0;
  const auto marked = stores_.database.write<Spoke>([&](store::Transaction& t) -> Outcome<Spoke> {
    alarm.reset();
    auto spoke = stores_.spokes.find(t, id);
    if (!spoke || spoke->removed_at) return ErrorCode::spoke_not_found;
    if (stores_.spokes.mark_removing(t, id)) {
      WGHUB_CRASH_POINT("remove.marked");
      stores_.tokens.revoke(t, spoke->token_id);
      if (const auto open = stores_.tokens.find_open_of_spoke(t, id)) stores_.tokens.revoke(t, open->id);
      audit_.record(t, actor, "spoke.removed", id, describe(*spoke));
      alarm = watch_removals(stores_, audit_, t, actor);
      removed_at = store::now_of(t);
    }
    return std::move(*spoke);
  });
  if (!marked) return marked.error();
  WGHUB_CRASH_POINT("remove.committed");
  if (alarm) events_.publish({"alarm", removed_at, *alarm});
  around_.peers_changed();
  std::vector<PublicKey> keys = {marked->public_key};
  if (marked->replaces_key) keys.push_back(*marked->replaces_key);
  for (const auto& key : keys) {
    if (!is_on(around_.helper.remove_peer(key))) return unavailable();
  }
  WGHUB_CRASH_POINT("remove.off");
  auto finished = finish_removal(id, actor);
  if (finished) log::info("spoke removed", {{"spoke_id", id}, {"actor", actor.name}});
  return finished;
}

Outcome<Done> SpokeService::finish_removal(const std::string& id, const Actor& actor) {
  std::optional<Spoke> removed;
  std::int64_t now = 0;
  auto finished = stores_.database.write<Done>([&](store::Transaction& t) -> Outcome<Done> {
    removed.reset();
    now = store::now_of(t);
    const auto spoke = stores_.spokes.find(t, id);
    if (!spoke || !stores_.spokes.mark_removed(t, id)) return Done{};
    WGHUB_CRASH_POINT("removed.marked");
    stores_.addresses.release(t, spoke->address);
    WGHUB_CRASH_POINT("removed.freed");
    audit_.record(t, actor, "peer.removed", id, {{"publicKey", to_base64(spoke->public_key)}});
    removed = *spoke;
    return Done{};
  });
  if (!finished) return finished;
  WGHUB_CRASH_POINT("removed.committed");
  around_.peers_changed();
  if (removed) events_.publish({"spoke.removed", now, *removed});
  return finished;
}

}  // namespace wghub
