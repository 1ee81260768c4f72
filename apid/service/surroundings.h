// What every service is given from outside: time, randomness, storage. Nothing here decides anything.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "apid/store/account_store.h"
#include "apid/store/address_store.h"
#include "apid/store/alert_store.h"
#include "apid/store/alert_target_store.h"
#include "apid/store/api_token_store.h"
#include "apid/store/audit_store.h"
#include "apid/store/cluster_store.h"
#include "apid/store/database.h"
#include "apid/store/hub_store.h"
#include "apid/store/session_store.h"
#include "apid/store/spoke_store.h"
#include "apid/store/token_store.h"

namespace wghub {

/// Epoch seconds, UTC.
using Clock = std::function<std::int64_t()>;

/// Fills the bytes from a cryptographic source.
using RandomBytes = std::function<void(std::span<std::uint8_t>)>;

/// The database and its tables, as services use them. Stores have no state of their own.
struct Stores {
  store::Database& database;
  store::HubStore hub;
  store::AddressStore addresses;
  store::TokenStore tokens;
  store::SpokeStore spokes;
  store::ClusterStore clusters;
  store::AccountStore accounts;
  store::AuditStore audit;
  store::SessionStore sessions;
  store::ApiTokenStore api_tokens;
  store::AlertStore alerts;
  store::AlertTargetStore alert_targets;
};

}  // namespace wghub
