// Finds the route of a request and takes it through set-up, authentication, CSRF, role and step-up to its handler.
// The order of refusals is that of docs/openapi.yaml "Errors". Framing belongs to the session.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apid/http/authenticator.h"
#include "apid/http/route.h"

namespace wghub::http {

/// The credentials of a request as its headers gave them; the router consumes them.
struct Credentials {
  Secret bearer;  ///< empty: no Authorization header
  bool bearer_malformed = false;
  Secret cookie;
  std::string csrf_header;
  std::string origin;
  std::string sec_fetch_site;
  SessionUse use = SessionUse::counts;
  std::string own_host;  ///< the request's Host, which the allow-list has passed; Origin is compared with it
};

/// Where a request came in.
enum class Door { network, admin_socket };

/// Whether rows of this access exist behind this door. The admin socket, which only root may open, has those of root
/// and those that a role may use; those that are open or a person's own are the network's alone.
bool is_served(Access access, Door door);

/// A found row, or why there is none (404, or 405 with the methods for Allow).
struct Match {
  const Route* route = nullptr;
  std::vector<std::string> parameters;
  std::string allow;  ///< "GET, HEAD, OPTIONS" …; set when the path exists
  bool path_exists = false;
};

class Router {
 public:
  Router(std::vector<Route> routes, Authenticator& authenticator);

  /// HEAD matches GET rows. Pure; called on the I/O thread.
  Match match(Method method, std::string_view path, Door door = Door::network) const;

  /// Runs on a worker thread. An exception from a handler becomes INTERNAL, its text goes to the log alone.
  Response handle(const Route& route, Request& request, const Credentials& credentials) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::optional<Error> admit(const Route& route, Request& request, const Credentials& credentials) const;

  std::vector<Route> routes_;
  Authenticator& authenticator_;
};

}  // namespace wghub::http
