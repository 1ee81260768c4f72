// What the router asks about credentials. The service implements it, app wires it in.
#pragma once

#include <optional>
#include <string_view>

#include "apid/http/message.h"

namespace wghub::http {

/// Whether a request counts as use of its session (idle time-out); background polls and event streams do not.
enum class SessionUse { counts, background };

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// True until the first admin exists; then every route but the open ones answers SETUP_REQUIRED.
  virtual bool setup_required() = 0;

  /// The API token's owner; nothing when unknown, expired or revoked.
  virtual std::optional<Caller> by_api_token(std::string_view secret) = 0;

  /// The session's user; nothing when unknown or over.
  virtual std::optional<Caller> by_session(std::string_view cookie, SessionUse use) = 0;

  /// Whether the X-CSRF-Token header belongs to this session cookie (constant time).
  virtual bool csrf_matches(std::string_view cookie, std::string_view header) = 0;

  /// Told of every request whose credential was not enough, or was none of ours.
  virtual void note_denied(const Request& request, std::string_view code) = 0;
};

}  // namespace wghub::http
