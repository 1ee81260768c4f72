// A request as handlers see it, and their answer. No Beast types: those stay in session.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/address.h"
#include "common/role.h"
#include "common/secret.h"

namespace wghub::http {

enum class Method { get, head, post, put, del, options };

enum class Credential { none, session, api_token, root };

/// Who sends a request, as far as it is known. credential_id names the session or API token; it is no secret.
struct Caller {
  Credential credential = Credential::none;
  std::string credential_id;
  std::string user_id;
  std::string username;  ///< of the user, also behind an API token
  std::string name;      ///< user name, or name of the API token
  Role role = Role::viewer;
  bool stepped_up = false;     ///< a session whose password was given within the last 10 minutes
  bool second_factor = false;  ///< the user signs in with one
};

struct Request {
  Method method = Method::get;
  std::string path;                                        ///< percent-decoded, without query
  std::vector<std::string> parameters;                     ///< what the pattern's {…} matched, in order
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order, repeats kept
  std::string accept;
  std::string user_agent;  ///< at most 256 bytes, control characters replaced by '?'
  std::string last_event_id;
  std::string body;
  Address client;          ///< after trusted proxies (D7)
  std::string request_id;  ///< a UUID, also in X-Request-Id
  Caller caller;
  Secret session_cookie;  ///< value of __Host-session, empty when absent
};

/// Asks the session to turn the connection into a stream of server-sent events.
struct EventSubscription {
  std::string credential_id;
  std::optional<std::uint64_t> last_event_id;
  bool live = false;  ///< handshakes and counters as they go on too
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<EventSubscription> events;
};

/// Whether Accept names this media type explicitly with q > 0 ("*/*" does not count).
bool names_media_type(std::string_view accept, std::string_view media_type);

}  // namespace wghub::http
