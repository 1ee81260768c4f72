// /api/installation/script/:token and /api/installation/report: what install scripts talk to. Every answer of the
// script path is harmless to a root shell that it is piped into (D19).
#pragma once

#include "apid/http/message.h"
#include "apid/service/script_renderer.h"
#include "apid/service/token_service.h"
#include "common/error.h"

namespace wghub::endpoint {

class ScriptEndpoint {
 public:
  ScriptEndpoint(TokenService& tokens, const ScriptRenderer& scripts) : tokens_(tokens), scripts_(scripts) {}

  http::Response script(const http::Request& request);
  http::Response report(const http::Request& request);

  /// An error as a script that prints it and exits with R72's code; JSON for who accepts that.
  http::Response render_error(const Error& error, const http::Request& request) const;

 private:
  TokenService& tokens_;
  const ScriptRenderer& scripts_;
};

}  // namespace wghub::endpoint
