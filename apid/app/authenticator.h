// Joins the router's questions about credentials to AccountService's answers.
#pragma once

#include "apid/http/authenticator.h"
#include "apid/service/account_service.h"

namespace wghub::app {

class AccountAuthenticator : public http::Authenticator {
 public:
  explicit AccountAuthenticator(AccountService& accounts) : accounts_(accounts) {}

  bool setup_required() override;
  std::optional<http::Caller> by_api_token(std::string_view secret) override;
  std::optional<http::Caller> by_session(std::string_view cookie, http::SessionUse use) override;
  bool csrf_matches(std::string_view cookie, std::string_view header) override;

 private:
  AccountService& accounts_;
};

}  // namespace wghub::app
