// Joins the router's questions about credentials to the answers of people's services.
#pragma once

#include "apid/http/authenticator.h"
#include "apid/service/audit_trail.h"
#include "apid/service/people.h"

namespace wghub::app {

class AccountAuthenticator : public http::Authenticator {
 public:
  AccountAuthenticator(People& people, AuditTrail& audit) : people_(people), audit_(audit) {}

  bool setup_required() override;
  std::optional<http::Caller> by_api_token(std::string_view secret) override;
  std::optional<http::Caller> by_session(std::string_view cookie, http::SessionUse use) override;
  bool csrf_matches(std::string_view cookie, std::string_view header) override;
  void note_denied(const http::Request& request, std::string_view code) override;

 private:
  People& people_;
  AuditTrail& audit_;
};

}  // namespace wghub::app
