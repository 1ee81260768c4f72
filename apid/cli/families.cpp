#include "apid/cli/families.h"

namespace wghub::cli {

std::vector<Group> all_commands() {
  return {hub_commands(), spoke_commands(), user_commands(), audit_commands(), other_commands()};
}

}  // namespace wghub::cli
