// Who signs in, and who asks.
#pragma once

#include <string>

#include "apid/model/account.h"
#include "common/role.h"
#include "common/secret.h"

namespace wghub {

/// Who a session or API token speaks for.
struct Identity {
  std::string credential_id;  ///< of the session or API token
  User user;
  std::string name;          ///< user name, or name of the API token
  Role role = Role::viewer;  ///< of the session's user, or the lesser of token's and owner's
  bool stepped_up = false;   ///< a session whose password was given within the last 10 minutes
};

/// A new session: the cookie's value is shown once, here.
struct SignIn {
  User user;
  Secret cookie;
  Secret csrf_token;
};

}  // namespace wghub
