#include "apid/store/spoke_store.h"

#include <limits>

#include "apid/store/column.h"
#include "apid/store/paging.h"
#include "apid/store/sql_text.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr char kSelect[] =
    "SELECT spoke.id, token_id, name, public_key, replaces_key, address, allowed_ips, registered_at, last_handshake,"
    " status, os, is_proxmox, proxmox_cluster_id, cluster_name, proxmox_node_name, proxmox_version, metadata,"
    " transfer_rx, transfer_tx, keepalive, removing_at, removed_at FROM spoke_registrations AS spoke"
    " LEFT JOIN proxmox_clusters AS cluster ON cluster.id = proxmox_cluster_id";
constexpr char kNewestFirst[] =
    " AND (registered_at, spoke.id) < (:at, :id) AND (:os = '' OR os = :os)"
    " ORDER BY registered_at DESC, spoke.id DESC LIMIT :most";

constexpr auto kInsert =
    "INSERT INTO spoke_registrations (id, token_id, name, public_key, replaces_key, address, allowed_ips,"
    " registered_at, last_handshake, status, os, is_proxmox, proxmox_cluster_id, proxmox_node_name, proxmox_version,"
    " metadata, transfer_rx, transfer_tx, keepalive, removing_at, removed_at)"
    " VALUES (:id, :token_id, :name, :public_key, :replaces_key, :address, :allowed_ips,"
    " :registered_at, :last_handshake, :status, :os, :is_proxmox, :cluster_id, :node_name, :version,"
    " :metadata, :transfer_rx, :transfer_tx, :keepalive, :removing_at, :removed_at)";
constexpr auto kFind = sql(kSelect, " WHERE spoke.id = :id");
constexpr auto kFindLiveByKey = sql(kSelect, " WHERE public_key = :public_key AND removed_at IS NULL");
constexpr auto kReplace =
    "UPDATE spoke_registrations SET replaces_key = NULLIF(COALESCE(:replaces_key, public_key), :public_key),"
    " public_key = :public_key, token_id = :token_id, registered_at = :registered_at, os = :os, is_proxmox = "
    ":is_proxmox,"
    " proxmox_cluster_id = :cluster_id, proxmox_node_name = :node_name, proxmox_version = :version,"
    " metadata = :metadata, keepalive = :keepalive, status = CASE WHEN public_key = :public_key THEN status ELSE "
    "'pending' END,"
    " last_handshake = CASE WHEN public_key = :public_key THEN last_handshake ELSE NULL END,"
    " transfer_rx = CASE WHEN public_key = :public_key THEN transfer_rx ELSE 0 END,"
    " transfer_tx = CASE WHEN public_key = :public_key THEN transfer_tx ELSE 0 END WHERE id = :id";
constexpr auto kConfirmReplaced =
    "UPDATE spoke_registrations SET replaces_key = NULL WHERE id = :id AND replaces_key = :replaced";
constexpr auto kMarkRemoving =
    "UPDATE spoke_registrations SET removing_at = :now WHERE id = :id AND removing_at IS NULL";
constexpr auto kMarkRemoved =
    "UPDATE spoke_registrations SET removed_at = :now"
    " WHERE id = :id AND removing_at IS NOT NULL AND removed_at IS NULL";
constexpr auto kErase = "DELETE FROM spoke_registrations WHERE id = :id";

constexpr auto kNewest = sql(kSelect, " WHERE removed_at IS NULL AND removing_at IS NULL", kNewestFirst);
constexpr auto kNewestByStatus = sql(kSelect, " WHERE removing_at IS NULL AND status = :status", kNewestFirst);
constexpr auto kNodes = sql(kSelect,
                            " WHERE is_proxmox = 1 AND removing_at IS NULL AND proxmox_cluster_id = :cluster_id"
                            " ORDER BY proxmox_node_name, registered_at, spoke.id LIMIT :most");
constexpr auto kCounts = "SELECT status, number FROM spoke_counts";
constexpr auto kPeers =
    "SELECT id, name, public_key, replaces_key, address, CASE WHEN removing_at IS NULL THEN 0 ELSE 1 END,"
    " keepalive, status, last_handshake, transfer_rx, transfer_tx FROM spoke_registrations WHERE removed_at IS NULL"
    " ORDER BY registered_at DESC, id DESC";
constexpr auto kSaveLive =
    "UPDATE spoke_registrations SET status = :status, last_handshake = :last_handshake, transfer_rx = :transfer_rx,"
    " transfer_tx = :transfer_tx WHERE id = :id AND removed_at IS NULL";

Spoke read_spoke(Row& row) {
  Spoke spoke;
  spoke.id = row.text();
  spoke.token_id = row.text();
  spoke.name = row.text();
  spoke.public_key = read_key(row.text());
  spoke.replaces_key = read_key(row.maybe_text());
  spoke.address = read_address(row.text());
  const Network with_prefix = read_allowed_ips(row.text());
  spoke.network = {network_address(with_prefix), with_prefix.prefix};
  spoke.registered_at = row.number();
  spoke.last_handshake = row.maybe_number();
  spoke.status = read_spoke_status(row.text());
  spoke.os = read_platform(row.text());
  spoke.is_proxmox = row.flag();
  spoke.proxmox_cluster_id = row.maybe_text();
  spoke.proxmox_cluster_name = row.maybe_text();
  spoke.proxmox_node_name = row.maybe_text();
  spoke.proxmox_version = row.maybe_text();
  spoke.metadata = row.text();
  spoke.transfer_rx = row.number();
  spoke.transfer_tx = row.number();
  spoke.keepalive = row.number();
  spoke.removing_at = row.maybe_number();
  spoke.removed_at = row.maybe_number();
  return spoke;
}

PeerRow read_peer(Row& row) {
  PeerRow peer;
  peer.spoke_id = row.text();
  peer.name = row.text();
  peer.key = read_key(row.text());
  peer.replaces = read_key(row.maybe_text());
  peer.address = read_address(row.text());
  peer.removing = row.flag();
  peer.keepalive = row.number();
  peer.stored.status = read_spoke_status(row.text());
  peer.stored.last_handshake = row.maybe_number();
  peer.stored.transfer_rx = row.number();
  peer.stored.transfer_tx = row.number();
  return peer;
}

// What both a first registration and a later one bring.
Query with_registration(Query query, const Spoke& spoke) {
  return query.with("id", spoke.id)
      .with("token_id", spoke.token_id)
      .with("public_key", key_column(spoke.public_key))
      .with("replaces_key", key_column(spoke.replaces_key))
      .with("registered_at", spoke.registered_at)
      .with("os", std::string(to_text(spoke.os)))
      .with("is_proxmox", spoke.is_proxmox)
      .with("cluster_id", spoke.proxmox_cluster_id)
      .with("node_name", spoke.proxmox_node_name)
      .with("version", spoke.proxmox_version)
      .with("metadata", spoke.metadata)
      .with("keepalive", spoke.keepalive);
}

}  // namespace

void SpokeStore::insert(Transaction& transaction, const Spoke& spoke) const {
  with_registration(transaction.query(kInsert), spoke)
      .with("name", spoke.name)
      .with("address", to_string(spoke.address))
      .with("allowed_ips", allowed_ips_column(spoke.address, spoke.network))
      .with("last_handshake", spoke.last_handshake)
      .with("status", std::string(to_text(spoke.status)))
      .with("transfer_rx", spoke.transfer_rx)
      .with("transfer_tx", spoke.transfer_tx)
      .with("removing_at", spoke.removing_at)
      .with("removed_at", spoke.removed_at)
      .execute();
}

std::optional<Spoke> SpokeStore::find(Transaction& transaction, const std::string& id) const {
  return transaction.query(kFind).with("id", id).one(read_spoke);
}

std::optional<Spoke> SpokeStore::find_live_by_key(Transaction& transaction, const PublicKey& key) const {
  return transaction.query(kFindLiveByKey).with("public_key", key_column(key)).one(read_spoke);
}

void SpokeStore::replace(Transaction& transaction, const Spoke& spoke) const {
  with_registration(transaction.query(kReplace), spoke).execute();
}

void SpokeStore::confirm_replaced(Transaction& transaction, const std::string& id, const PublicKey& replaced) const {
  transaction.query(kConfirmReplaced).with("id", id).with("replaced", key_column(replaced)).execute();
}

bool SpokeStore::mark_removing(Transaction& transaction, const std::string& id) const {
  return transaction.query(kMarkRemoving).with("id", id).with("now", transaction.now()).execute() == 1;
}

bool SpokeStore::mark_removed(Transaction& transaction, const std::string& id) const {
  return transaction.query(kMarkRemoved).with("id", id).with("now", transaction.now()).execute() == 1;
}

void SpokeStore::erase(Transaction& transaction, const std::string& id) const {
  transaction.query(kErase).with("id", id).execute();
}

Page<Spoke> SpokeStore::list(Transaction& transaction, const SpokeFilter& filter, const PageRequest& page) const {
  const Cursor after = page.after.value_or(Cursor{std::numeric_limits<std::int64_t>::max(), ""});
  auto query = transaction.query(filter.status ? kNewestByStatus : std::string_view(kNewest));
  if (filter.status) query.with("status", std::string(to_text(*filter.status)));
  query.with("at", after.at).with("id", after.id).with("os", std::string(filter.os ? to_text(*filter.os) : ""));
  Page<Spoke> result;
  result.items = query.with("most", page.limit + 1).all(read_spoke);
  cut_page(result, page.limit, [](const Spoke& spoke) { return Cursor{spoke.registered_at, spoke.id}; });
  return result;
}

std::vector<Spoke> SpokeStore::nodes(Transaction& transaction, const std::string& cluster_id, int most) const {
  return transaction.query(kNodes).with("cluster_id", cluster_id).with("most", most).all(read_spoke);
}

SpokeCounts SpokeStore::counts(Transaction& transaction) const {
  SpokeCounts counts;
  transaction.query(kCounts).each([&](Row& row) {
    const SpokeStatus status = read_spoke_status(row.text());
    const std::int64_t number = row.number();
    if (status == SpokeStatus::active) counts.active = number;
    if (status == SpokeStatus::inactive) counts.inactive = number;
    if (status == SpokeStatus::pending) counts.pending = number;
    return true;
  });
  return counts;
}

std::vector<PeerRow> SpokeStore::peers(Transaction& transaction) const {
  return transaction.query(kPeers).all(read_peer);
}

void SpokeStore::save_live(Transaction& transaction, const std::vector<LiveUpdate>& updates) const {
  for (const auto& [spoke_id, values] : updates) {
    auto query = transaction.query(kSaveLive).with("id", spoke_id);
    query.with("status", std::string(to_text(values.status))).with("last_handshake", values.last_handshake);
    query.with("transfer_rx", values.transfer_rx).with("transfer_tx", values.transfer_tx).execute();
  }
}

}  // namespace wghub::store
