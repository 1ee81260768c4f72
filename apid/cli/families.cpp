#include "apid/cli/families.h"

namespace wghub::cli {

std::vector<Group> all_commands() {
  return {hub_commands(),     spoke_commands(),     token_commands(), cluster_commands(), user_commands(),
          session_commands(), api_token_commands(), audit_commands(), other_commands()};
}

}  // namespace wghub::cli
