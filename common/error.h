// Every reason for which a request can be refused, and its fields. Knows no status codes: apid/http/error_table has
// them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"

namespace wghub {

/// One enumerator per `code` of the API (docs/openapi.yaml; error_table.cpp has status, text and hint).
enum class ErrorCode {
  invalid_json,
  invalid_request,
  unknown_field,
  invalid_ip,
  invalid_cidr,
  invalid_endpoint,
  invalid_platform,
  invalid_public_key,
  token_malformed,
  token_registered,  ///< DELETE of a registered token: TOKEN_ALREADY_USED with status 400
  cluster_not_empty,
  unauthenticated,
  invalid_credentials,
  totp_required,
  totp_invalid,
  invalid_setup_code,
  forbidden,
  csrf_failed,
  step_up_required,
  setup_required,
  not_found,
  token_not_found,
  spoke_not_found,
  cluster_not_found,
  method_not_allowed,
  request_timeout,
  length_required,
  body_too_large,
  uri_too_long,
  unsupported_media_type,
  misdirected_request,
  header_too_large,
  bad_framing,
  hub_already_initialized,
  hub_not_initialized,
  setup_done,
  username_taken,
  last_admin,
  totp_active,
  alert_targets_full,
  ip_already_allocated,
  public_key_already_registered,
  policy_mismatch,
  interface_exists,
  network_overlap,
  token_already_used,
  token_expired,
  token_revoked,
  rate_limited,
  internal,
  alert_not_delivered,
  helper_unavailable,
  database_busy,
  pool_exhausted,
  storage_full,
};

/// One faulty field of a request body or query.
struct FieldFault {
  std::string field;
  std::string message;
};

/// Why something was refused. Holds nothing secret: it goes to the client and the log.
struct Error {
  Error(ErrorCode error_code) : code(error_code) {}  // NOLINT(google-explicit-constructor): `return ErrorCode::x;`
  Error(ErrorCode error_code, std::string error_detail) : code(error_code), detail(std::move(error_detail)) {}

  ErrorCode code;
  std::string detail;                      ///< replaces the table's text when not empty
  std::vector<FieldFault> faults;          ///< the first is the body's `field`
  std::optional<std::int64_t> used_at;     ///< epoch seconds
  std::optional<std::int64_t> expires_at;  ///< epoch seconds
  std::optional<std::chrono::seconds> retry_after;
  std::string policy;          ///< policy_mismatch: the policy's values in words
  std::string token_hash_hex;  ///< token_already_used on the script path: SHA-256(token), for the resume script
};

template <class T>
using Outcome = Result<T, Error>;

}  // namespace wghub
