// wghub user: the way back in for root, whatever became of the accounts.
#pragma once

#include <string>

#include "apid/cli/admin_socket.h"

namespace wghub::cli {

Exit list_users(const AdminSocket& socket);
/// Asks for the password.
Exit create_user(const AdminSocket& socket, const std::string& username, const std::string& role);
/// Asks for the new password; second factor, sessions and API tokens of the account are gone then.
Exit reset_user(const AdminSocket& socket, const std::string& username);
enum class Access { enable, disable };
Exit switch_user(const AdminSocket& socket, const std::string& username, Access access);
Exit set_role(const AdminSocket& socket, const std::string& username, const std::string& role);

}  // namespace wghub::cli
