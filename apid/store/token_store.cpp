#include "apid/store/token_store.h"

#include "apid/store/sql_text.h"
#include "apid/store/token_row.h"
#include "apid/store/transaction.h"

namespace wghub::store {
namespace {

constexpr int kMostReleases = 5;
constexpr int kMostReports = 20;

constexpr auto kInsert =
    "INSERT INTO installation_tokens (id, token_hash, spoke_id, spoke_name, address, allowed_ips, holds_address, state,"
    " created_at, expires_at, used_at, claim_address, claim_agent, bound_key, releases, reports, hub_endpoint,"
    " hub_public_key, network_cidr, dns, persistent_keepalive, base_url, certificate_pin)"
    " VALUES (:id, :token_hash, :spoke_id, :spoke_name, :address, :allowed_ips, :holds_address, :state,"
    " :created_at, :expires_at, :used_at, :claim_address, :claim_agent, :bound_key, :releases, :reports, :hub_endpoint,"
    " :hub_public_key, :network_cidr, :dns, :persistent_keepalive, :base_url, :certificate_pin)";
constexpr auto kFind = sql(kSelectToken, " WHERE id = :id");
constexpr auto kFindByHash = sql(kSelectToken, " WHERE token_hash = :token_hash");
constexpr auto kFindOpenOfSpoke = sql(kSelectToken, " WHERE spoke_id = :spoke_id AND state <> 'revoked'");

constexpr auto kClaim =
    "UPDATE installation_tokens SET state = 'claimed', used_at = :now, claim_address = :address, claim_agent = :agent"
    " WHERE id = :id AND state = 'unused' AND expires_at > :now";
constexpr auto kRelease =
    "UPDATE installation_tokens SET state = 'unused', used_at = NULL, releases = releases + 1"
    " WHERE id = :id AND state = 'claimed' AND claim_address = :address AND bound_key IS NULL AND releases < :most";
constexpr auto kBind =
    "UPDATE installation_tokens"
    " SET state = 'registered', bound_key = :key, used_at = COALESCE(used_at, :now), holds_address = 0"
    " WHERE id = :id AND state IN ('unused', 'claimed') AND expires_at > :now";
constexpr auto kUnbind =
    "UPDATE installation_tokens SET state = 'claimed', bound_key = NULL, holds_address = :holds_address"
    " WHERE id = :id AND state = 'registered'";
constexpr auto kRevoke =
    "UPDATE installation_tokens SET state = 'revoked', revoked_at = :now, holds_address = 0"
    " WHERE id = :id AND state <> 'revoked'";
constexpr auto kMarkAlarmed = "UPDATE installation_tokens SET alarmed = 1 WHERE id = :id AND alarmed = 0";

constexpr auto kExpiredHolds =
    "SELECT id, address FROM installation_tokens WHERE holds_address = 1 AND expires_at <= :now"
    " ORDER BY expires_at LIMIT :most";
constexpr auto kEndHold = "UPDATE installation_tokens SET holds_address = 0 WHERE id = :id";

constexpr auto kCountReport = "UPDATE installation_tokens SET reports = reports + 1 WHERE id = :id AND reports < :most";
constexpr auto kInsertReport =
    "INSERT INTO installation_reports (token_id, number, at, stage, code, reason, os, detail, source_address)"
    " SELECT id, reports, :at, :stage, :code, :reason, :os, :detail, :source_address"
    " FROM installation_tokens WHERE id = :token_id";
constexpr auto kReports =
    "SELECT token_id, at, stage, code, reason, os, detail, source_address FROM installation_reports"
    " WHERE token_id = :token_id ORDER BY number";

// A token that ended before then was made before then: that bound is in the index of states.
constexpr auto kPrunable =
    "SELECT id FROM installation_tokens AS token WHERE state = :state AND created_at < :before AND holds_address = 0"
    " AND COALESCE(revoked_at, expires_at) < :before AND NOT EXISTS (SELECT 1 FROM spoke_registrations"
    " WHERE token_id = token.id AND (removed_at IS NULL OR removed_at >= :before)) LIMIT :most";
constexpr auto kPruneReports = "DELETE FROM installation_reports WHERE token_id = :id";
constexpr auto kPruneSpokes = "DELETE FROM spoke_registrations WHERE token_id = :id";
constexpr auto kPruneToken = "DELETE FROM installation_tokens WHERE id = :id";

InstallReport read_report(Row& row) {
  InstallReport report;
  report.token_id = row.text();
  report.at = row.number();
  report.stage = row.text();
  report.code = row.number();
  report.reason = row.text();
  report.os = row.text();
  report.detail = row.text();
  report.source_address = row.text();
  return report;
}

struct Hold {
  std::string token_id;
  Address address;
};

Hold read_hold(Row& row) {
  std::string token_id = row.text();
  return {std::move(token_id), read_address(row.text())};
}

std::string read_id(Row& row) { return row.text(); }

}  // namespace

void TokenStore::insert(Transaction& transaction, const Token& token) const {
  transaction.query(kInsert)
      .with("id", token.id)
      .with("token_hash", token.hash)
      .with("spoke_id", token.spoke_id)
      .with("spoke_name", token.spoke_name)
      .with("address", to_string(token.address))
      .with("allowed_ips", allowed_ips_column(token.address, token.network))
      .with("holds_address", token.holds_address)
      .with("state", std::string(to_text(token.state)))
      .with("created_at", token.created_at)
      .with("expires_at", token.expires_at)
      .with("used_at", token.used_at)
      .with("claim_address", token.claim_address)
      .with("claim_agent", token.claim_agent)
      .with("bound_key", key_column(token.bound_key))
      .with("releases", token.releases)
      .with("reports", token.reports)
      .with("hub_endpoint", token.hub_endpoint)
      .with("hub_public_key", key_column(token.hub_public_key))
      .with("network_cidr", to_string(token.network))
      .with("dns", addresses_column(token.dns))
      .with("persistent_keepalive", token.persistent_keepalive)
      .with("base_url", token.base_url)
      .with("certificate_pin", token.certificate_pin)
      .execute();
}

std::optional<Token> TokenStore::find(Transaction& transaction, const std::string& id) const {
  return transaction.query(kFind).with("id", id).one(read_token);
}

std::optional<Token> TokenStore::find_by_hash(Transaction& transaction, const std::string& hash) const {
  return transaction.query(kFindByHash).with("token_hash", hash).one(read_token);
}

std::optional<Token> TokenStore::find_open_of_spoke(Transaction& transaction, const std::string& spoke_id) const {
  return transaction.query(kFindOpenOfSpoke).with("spoke_id", spoke_id).one(read_token);
}

bool TokenStore::claim(Transaction& transaction, const std::string& id, const std::string& address,
                       const std::string& agent) const {
  auto query = transaction.query(kClaim).with("id", id).with("now", transaction.now());
  return query.with("address", address).with("agent", agent).execute() == 1;
}

bool TokenStore::release(Transaction& transaction, const std::string& id, const std::string& address) const {
  auto query = transaction.query(kRelease).with("id", id).with("address", address);
  return query.with("most", kMostReleases).execute() == 1;
}

bool TokenStore::bind(Transaction& transaction, const std::string& id, const PublicKey& key) const {
  auto query = transaction.query(kBind).with("id", id).with("now", transaction.now());
  return query.with("key", key_column(key)).execute() == 1;
}

bool TokenStore::unbind(Transaction& transaction, const std::string& id, bool holds_address) const {
  return transaction.query(kUnbind).with("id", id).with("holds_address", holds_address).execute() == 1;
}

bool TokenStore::revoke(Transaction& transaction, const std::string& id) const {
  return transaction.query(kRevoke).with("id", id).with("now", transaction.now()).execute() == 1;
}

bool TokenStore::mark_alarmed(Transaction& transaction, const std::string& id) const {
  return transaction.query(kMarkAlarmed).with("id", id).execute() == 1;
}

std::vector<Address> TokenStore::end_expired_holds(Transaction& transaction, int limit) const {
  auto query = transaction.query(kExpiredHolds).with("now", transaction.now()).with("most", limit);
  std::vector<Address> addresses;
  for (const Hold& hold : query.all(read_hold)) {
    transaction.query(kEndHold).with("id", hold.token_id).execute();
    addresses.push_back(hold.address);
  }
  return addresses;
}

bool TokenStore::add_report(Transaction& transaction, const InstallReport& report) const {
  if (transaction.query(kCountReport).with("id", report.token_id).with("most", kMostReports).execute() != 1)
    return false;
  auto query = transaction.query(kInsertReport).with("token_id", report.token_id).with("at", report.at);
  query.with("stage", report.stage).with("code", report.code).with("reason", report.reason).with("os", report.os);
  query.with("detail", report.detail).with("source_address", report.source_address).execute();
  return true;
}

std::vector<InstallReport> TokenStore::reports(Transaction& transaction, const std::string& token_id) const {
  return transaction.query(kReports).with("token_id", token_id).all(read_report);
}

int TokenStore::prune(Transaction& transaction, std::int64_t ended_before, int limit) const {
  int pruned = 0;
  for (const std::string state : {"revoked", "unused", "claimed"}) {
    auto query = transaction.query(kPrunable).with("state", state).with("before", ended_before);
    for (const auto& id : query.with("most", limit - pruned).all(read_id)) {
      transaction.query(kPruneReports).with("id", id).execute();
      transaction.query(kPruneSpokes).with("id", id).execute();
      transaction.query(kPruneToken).with("id", id).execute();
      ++pruned;
    }
  }
  return pruned;
}

}  // namespace wghub::store
