// What is decided about a request from its head alone, in the order of docs/openapi.yaml "Errors": Host, path, method,
// framing. Static files and OPTIONS are answered here; the rest goes to a handler on a worker thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apid/http/allowed_hosts.h"
#include "apid/http/router.h"
#include "apid/http/static_files.h"
#include "apid/http/wire.h"

namespace wghub::http {

struct AdmissionRules {
  const Router& router;
  AllowedHosts& hosts;
  const StaticFiles& files;
  std::vector<Network> trusted_proxies;
  std::string cors_origin;
};

struct Admission {
  Request request;
  Credentials credentials;
  const Route* route = nullptr;
  std::optional<Response> answer;  ///< decided already; else the route's handler has to run
  bool close = false;              ///< after the answer, whatever the client wishes
  bool from_origin = false;        ///< Origin is CORS_ORIGIN
};

Admission admit(const Head& head, const Address& peer, Door door, const AdmissionRules& rules);

/// A request of which nothing could be read, for the answer to it.
Admission admit_unreadable(const Address& peer, ErrorCode fault);

/// The error in the route's own form, when there is a route.
Response refuse(const Admission& admission, const Error& error);

}  // namespace wghub::http
