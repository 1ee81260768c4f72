// How values are written in columns, and read back. Errors of every reader: Fault for a text that is none of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apid/model/alert.h"
#include "apid/model/spoke.h"
#include "apid/model/token.h"
#include "common/address.h"
#include "common/key.h"
#include "common/role.h"

namespace wghub::store {

/// Base64.
std::string key_column(const PublicKey& key);
std::optional<std::string> key_column(const std::optional<PublicKey>& key);
PublicKey read_key(const std::string& text);
std::optional<PublicKey> read_key(const std::optional<std::string>& text);

Address read_address(const std::string& text);
Network read_network(const std::string& text);

/// JSON arrays of texts.
std::string addresses_column(const std::vector<Address>& addresses);
std::vector<Address> read_addresses(const std::string& json);
/// The one address with the network's prefix (D9).
std::string allowed_ips_column(const Address& address, const Network& network);
Network read_allowed_ips(const std::string& json);

/// Texts that sort as the addresses do: the family's digit, then the bytes in hex.
std::string sortable_column(const Address& address);
Address read_sortable(const std::string& text);

TokenState read_token_state(std::string_view text);
SpokeStatus read_spoke_status(std::string_view text);
Platform read_platform(std::string_view text);
Role read_role(std::string_view text);

AlertKind read_alert_kind(std::string_view text);
AlertChannel read_alert_channel(std::string_view text);
/// JSON arrays of the kinds' words.
std::string alert_kinds_column(const std::vector<AlertKind>& kinds);
std::vector<AlertKind> read_alert_kinds(const std::string& json);

}  // namespace wghub::store
