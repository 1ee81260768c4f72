// The columns of installation_tokens that make a Token, for the two files that read them.
#pragma once

#include "apid/model/token.h"
#include "apid/store/column.h"
#include "apid/store/connection.h"

namespace wghub::store {

inline constexpr char kSelectToken[] =
    "SELECT id, token_hash, spoke_id, spoke_name, address, holds_address, state, created_at, expires_at, used_at,"
    " claim_address, claim_agent, bound_key, releases, reports, hub_endpoint, hub_public_key, network_cidr, dns,"
    " persistent_keepalive, base_url, certificate_pin, stage, code, reason, at FROM installation_tokens"
    " LEFT JOIN installation_reports ON token_id = id AND number = reports";

inline Token read_token(Row& row) {
  Token token;
  token.id = row.text();
  token.hash = row.text();
  token.spoke_id = row.text();
  token.spoke_name = row.text();
  token.address = read_address(row.text());
  token.holds_address = row.flag();
  token.state = read_token_state(row.text());
  token.created_at = row.number();
  token.expires_at = row.number();
  token.used_at = row.maybe_number();
  token.claim_address = row.text();
  token.claim_agent = row.text();
  token.bound_key = read_key(row.maybe_text());
  token.releases = static_cast<int>(row.number());
  token.reports = static_cast<int>(row.number());
  token.hub_endpoint = row.text();
  token.hub_public_key = read_key(row.text());
  token.network = read_network(row.text());
  token.dns = read_addresses(row.text());
  token.persistent_keepalive = static_cast<int>(row.number());
  token.base_url = row.text();
  token.certificate_pin = row.text();
  if (auto stage = row.maybe_text()) {
    const auto code = row.number();
    auto reason = row.text();
    token.last_report = Progress{*std::move(stage), code, std::move(reason), row.number()};
  }
  return token;
}

}  // namespace wghub::store
